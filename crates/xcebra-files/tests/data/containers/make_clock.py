"""What pynapple and elephant make of `session.nwb`, which make_containers.py wrote: `clock.npz`.

    python make_clock.py
"""

import numpy as np
import neo
import pynapple as nap
import quantities as pq
from elephant.kernels import GaussianKernel
from elephant.statistics import instantaneous_rate
from pynwb import NWBHDF5IO

out = {}
with NWBHDF5IO("session.nwb", "r") as io:
    session = io.read()
    spikes = [np.asarray(times) for times in session.units["spike_times"]]
    observed = [np.asarray(spans) for spans in session.units["obs_intervals"]]
    position = session.processing["behavior"]["Position"]["position"]
    xy, times = position.data[:] * position.conversion, position.timestamps[:]
    lfp = session.acquisition["lfp"]
    volts = lfp.data[:] * (lfp.conversion * lfp.channel_conversion[:]) + lfp.offset
    trials = session.trials.to_dataframe()

units = nap.TsGroup({i: nap.Ts(t) for i, t in enumerate(spikes)}, time_support=nap.IntervalSet(-100, 100))
pos = nap.TsdFrame(t=times, d=xy)
seen = [nap.IntervalSet(spans[:, 0], spans[:, 1]) for spans in observed]
# units 0, 2, 4 are good; all of them are observed in the intersection
good = seen[0].intersect(seen[2]).intersect(seen[4]).intersect(pos.time_support)
all_seen = good.intersect(seen[1]).intersect(seen[3]).intersect(seen[5])

for name, support, which in (("all", all_seen, range(6)), ("good", good, (0, 2, 4))):
    counts = units[list(which)].count(0.025, ep=support)
    out[f"{name}_t"], out[f"{name}_x"] = counts.t, counts.d
    out[f"{name}_position"] = pos.interpolate(nap.Ts(counts.t)).d
    rates = []
    for start, end in support.values:
        n = int(np.floor((end - start) / 0.025 + 1e-9))
        end = start + n * 0.025
        trains = [neo.SpikeTrain(t[(t >= start) & (t <= end)] * pq.s, t_start=start * pq.s, t_stop=end * pq.s)
                  for t in (spikes[i] for i in which)]
        rates.append(
            instantaneous_rate(trains, 25 * pq.ms, GaussianKernel(60 * pq.ms)).magnitude
        )
    out[f"{name}_rates"] = np.concatenate(rates)

left = trials[trials.side == "left"]
ep = nap.IntervalSet(left.start_time.values, left.stop_time.values).intersect(all_seen)
counts = units.count(0.1, ep=ep)
out["left_t"], out["left_x"] = counts.t, counts.d

# a signal of 1 kHz from second 2 on, averaged within the bins
signal = nap.TsdFrame(t=lfp.starting_time + np.arange(len(volts)) / lfp.rate, d=volts)
mean = signal.bin_average(0.02)
out["lfp_t"], out["lfp_x"] = mean.t, mean.d
np.savez_compressed("clock.npz", **out)
print({k: v.shape for k, v in out.items()})
