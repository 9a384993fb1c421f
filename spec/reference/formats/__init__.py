"""The formats of spec/02 to spec/11 in plain Python, standard library only: slow, short, and written from the pages.

Every function names the rule it follows. A reader returns None, or False, where the rule says that the bytes fail.
"""

from .chain import *
from .fork import *
from .keys import *
from .policy import *
from .registry import *
from .statements import *
from .trees import *
from .values import *
