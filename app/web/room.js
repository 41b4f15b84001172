// The room that the page keeps for a figure before it is there (see app/figures/room.py).

// The place that Streamlit gives a figure, outside of it: its least height is that room.
export const roomOf = (place) => place.getRootNode().host?.closest('[class*="st-key-"]');

// A figure that is there and may be smaller than was thought needs its room no more.
export function giveRoomBack(place) {
  const room = roomOf(place);
  if (room) room.style.minHeight = "0";
}
