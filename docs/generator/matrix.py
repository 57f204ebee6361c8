"""Which question changes which parts of the service."""

from docs.generator.facts import Facts
from docs.generator.svg import WIDTH, Picture

LEFT, RIGHT, TOP, ROW = 150, 44, 116, 20


def matrix(facts: Facts) -> Picture:
    questions = list(facts.choices())
    column = (WIDTH - LEFT - RIGHT) / len(questions)
    picture = Picture("Which question changes which parts")
    picture.text(16, 28, "question", "small")
    picture.text(16, TOP - 10, "part", "small")
    bottom = TOP + ROW * len(facts.features)
    for number, question in enumerate(questions):
        x = LEFT + column * (number + 0.5)
        picture.path(f"M{x} {TOP}V{bottom}", "line faint")
        turned = f"rotate(-60 {x} {TOP - 8})"
        picture.text(x, TOP - 8, question["name"], "mono", transform=turned)
    for row, part in enumerate(facts.features):
        y = TOP + ROW * (row + 0.5)
        picture.path(f"M16 {y + ROW / 2}H{picture.width - 12}", "line faint")
        picture.text(16, y + 5, part, "mono")
        for number, question in enumerate(questions):
            if part in facts.moves(question):
                picture.dot(LEFT + column * (number + 0.5), y, 5)
    picture.reach(bottom)
    return picture
