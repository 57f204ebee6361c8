from app.core.feature import Feature
from app.sse.routes import router

feature = Feature(name="sse", router=router)
