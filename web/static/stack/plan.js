// Where everything of a store stands in the drawing: pure reckoning, in pixels of the drawing's own width.

const clamp = (low, value, high) => Math.max(low, Math.min(high, value));
const NARROW = 560;

/**
 * The plan of a store, drawn into a width. Stations stand at the left, then the two belts (out and home), then in each aisle its lift and
 * its levels, one rail above the other; bays count to the right. `small` leaves no room for words.
 */
export function planOf(picture, width, small = false) {
  const aisles = clamp(1, picture.aisles ?? 1, 60);
  const levels = clamp(1, picture.levels ?? 1, 60);
  const bays = clamp(1, picture.bays ?? 1, 1000);
  const narrow = width < NARROW;
  const lane = small ? clamp(3, Math.floor(130 / (aisles * levels)), 10) : clamp(9, Math.floor(540 / (aisles * levels)), 22);
  const head = small ? 0 : 20;
  const foot = small ? 6 : 20;
  const gap = small ? 5 : 12;
  const band = head + levels * lane + foot;
  const height = aisles * (band + gap) - gap + (small ? 8 : 16);
  const top = small ? 4 : 8;
  const box = small ? 16 : narrow ? 46 : 104;
  const queue = small ? 14 : narrow ? 40 : 96;
  const out = 6 + box + queue;
  const home = out + (small ? 4 : 10);
  const lift = home + (small ? 12 : narrow ? 20 : 30);
  const front = lift + (small ? 10 : narrow ? 20 : 28);
  const right = width - (small ? 4 : 22);
  const pitch = (right - front) / (bays + 0.5);
  const size = small ? clamp(4, lane - 1, 7) : clamp(7, Math.min(lane - 5, Math.max(pitch - 2, 8)), 14);
  const plan = { aisles, levels, bays, width, height, lane, head, foot, band, gap, box, queue, out, home, lift, front, right, pitch, size, small, narrow };
  const stations = Math.max(1, (picture.stations ?? []).length);
  const order = new Map((picture.stations ?? []).map((station, at) => [station.id, at]));
  const room = (height - 2 * top) / stations;
  return Object.assign(plan, {
    bandTop: (aisle) => top + (aisle - 1) * (band + gap),
    stationHeight: Math.min(small ? 14 : 58, room - 6),
    stationY: (id) => top + ((order.get(id) ?? 0) + 0.5) * room,
    x: (bay) => front + bay * pitch,
    y: (aisle, level) => {
      const ground = top + (aisle - 1) * (band + gap) + head + levels * lane + foot / 2;
      const first = ground - foot / 2 - lane / 2;
      return level < 1 ? ground + (first - ground) * Math.max(0, level) : first - (level - 1) * lane;
    },
  });
}

/** Where the tote stands at which people pick. */
export function standing(plan, station) {
  const y = plan.stationY(station);
  return plan.small || plan.narrow ? [6 + plan.box / 2, y + (plan.small ? 0 : 2)] : [6 + plan.box - plan.size / 2 - 10, y];
}

/** The way of a tote between an aisle's lift and where it stands at a station, as corners; belts lie between the first and the last but one. */
export function beltWay(plan, aisle, station, homeward) {
  const aside = plan.small ? 1 : 4;
  const ground = plan.y(aisle, 0) + (homeward ? aside : -aside);
  const place = plan.stationY(station) + (homeward ? 1.6 : -1) * (plan.small ? 2 : 7);
  const belt = homeward ? plan.home : plan.out;
  const way = [
    [plan.lift, ground],
    [belt, ground],
    [belt, place],
    [6 + plan.box + plan.size, place],
    standing(plan, station),
  ];
  return homeward ? way.reverse() : way;
}

/** The share of the whole way that a share of the belts is, or the n-th place of the queue. */
export function shareOfWay(way, homeward, share) {
  const step = homeward ? length(way.slice(0, 2)) : length(way.slice(-2));
  const whole = length(way);
  return homeward ? (step + share * (whole - step)) / whole : (share * (whole - step)) / whole;
}

/** How far along its way the n-th tote of a queue waits; who does not fit stands with the last one. */
export function queueShare(plan, way, at) {
  const step = plan.size + 3;
  const most = Math.max(1, Math.floor((plan.queue - plan.size) / step));
  const whole = length(way);
  return (whole - length(way.slice(-2)) - Math.min(at, most - 1) * step) / whole;
}

const length = (way) => way.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot(x - way[at][0], y - way[at][1]), 0);

/** The point that lies a share of the whole length along the way. */
export function along(way, share) {
  const lengths = way.slice(1).map(([x, y], at) => Math.hypot(x - way[at][0], y - way[at][1]));
  let left = clamp(0, share, 1) * lengths.reduce((sum, length) => sum + length, 0);
  for (const [at, length] of lengths.entries()) {
    if (left <= length && length > 0) {
      const part = left / length;
      return [way[at][0] + (way[at + 1][0] - way[at][0]) * part, way[at][1] + (way[at + 1][1] - way[at][1]) * part];
    }
    left -= length;
  }
  return way.at(-1);
}
