"""What the walks of the pages share with whoever else looks at every page."""

from tests.browser.test_pages import address, browser, numbers

__all__ = ["address", "browser", "numbers"]
