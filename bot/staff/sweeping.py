"""Looks, as long as a process serves, for conversations whose waiting or whose operator's lease is over."""

import asyncio
import logging
from typing import NoReturn

from bot.staff.desk import Desk

logger = logging.getLogger(__name__)
_EVERY = 5.0  # seconds


async def sweep_again_and_again(desk: Desk) -> NoReturn:
    """Every process may; a step is taken by one."""
    while True:
        try:
            await asyncio.to_thread(desk.sweep)
        except Exception as error:  # a chore that is dead stays so until the process is started anew
            logger.error("sweep failed: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
