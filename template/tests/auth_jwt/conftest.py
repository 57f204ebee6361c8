from tests.auth.people import quick_hashes

__all__ = ["quick_hashes"]
