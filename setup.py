"""What pyproject.toml cannot say: templates, runbooks and the files in data/ that acting needs come along."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["soccer_lib*"]), "soccer_lib._data"],
    package_dir={"soccer_lib._data": "data"},
    package_data={
        "soccer_lib._data": ["walker/*", "kicks/*", "clips/*.*", "best/*"],
        "soccer_lib.workshop.runbook": ["presets/*.toml"],
        "soccer_lib.report.pages": ["*.html", "*.css"],
        "soccer_lib.workshop.sweep": ["spaces/*.toml"],
        "soccer_lib.course.teleop": ["*.html"],
    },
)
