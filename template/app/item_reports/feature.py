from app.core.feature import Feature
from app.item_reports.routes import router

feature = Feature(name="item_reports", router=router)
