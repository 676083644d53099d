"""From counts to figures; knows neither Locust nor HTTP nor a clock."""
