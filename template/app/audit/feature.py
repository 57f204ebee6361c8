from app.audit.routes import router
from app.core.feature import Feature

feature = Feature(name="audit", router=router)
