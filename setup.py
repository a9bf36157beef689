"""What pyproject.toml cannot say: the files in data/ that acting needs travel inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["soccer_lib*"]), "soccer_lib._data"],
    package_dir={"soccer_lib._data": "data"},
    package_data={"soccer_lib._data": ["walker/*", "kicks/*", "clips/*.*"]},
)
