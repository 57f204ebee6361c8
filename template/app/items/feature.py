from app.core.feature import Feature
from app.items.routes import router
from app.items.seed import seed_items

feature = Feature(name="items", router=router, seed=seed_items)
