from app.api_keys.authenticator import api_key
from app.api_keys.routes import router
from app.core.feature import Feature

feature = Feature(name="api_keys", router=router, authenticators=[api_key])
