"""A generated world with known answers: images, feelings, causes and explanations. Never human data.

No Django, no torch. docs/researcher/generated_world.md says how it is made and what is known exactly.
"""

from modelserve.world.people import Habits
from modelserve.world.scene import Scene
from modelserve.world.world import World, WorldOptions, WorldResponse

__all__ = ["Habits", "Scene", "World", "WorldOptions", "WorldResponse"]
