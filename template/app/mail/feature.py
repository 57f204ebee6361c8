from app.core.feature import Feature

feature = Feature(name="mail")
