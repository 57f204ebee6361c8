from app.core.feature import Feature
from app.items.routes import router
from app.items.seed import seed_items
from app.items.service import ITEMS

feature = Feature(name="items", router=router, topics=[ITEMS], seed=seed_items)
