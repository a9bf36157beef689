"""The house rules by subject; `house.py` holds their limits and runs them."""
