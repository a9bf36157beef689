"""What tests of rendered frames need."""

from __future__ import annotations

import pytest

from soccer_lib.view import opengl

needs_opengl = pytest.mark.skipif(opengl.opengl_backend() is None, reason=opengl.why())
