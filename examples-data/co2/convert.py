"""Writes co2.csv from the co2.csv (weekly) that PyPI's statsmodels 0.15.0 carries; needs numpy only.

pip download --no-deps statsmodels==0.15.0 && unzip statsmodels-*.whl 'statsmodels/datasets/co2/*'
python convert.py statsmodels/datasets/co2/co2.csv > co2.csv
"""

import sys
from collections import defaultdict

import numpy as np

months = defaultdict(list)
with open(sys.argv[1]) as file:
    for line in file.read().splitlines()[1:]:
        date, value = line.split(",")
        months[int(date[:4]) * 12 + int(date[4:6]) - 1] += [float(value)] if value else []
numbers = sorted(months)
whole = np.arange(numbers[0], numbers[-1] + 1)
known = [m for m in whole if months.get(m)]
# months without any measurement lie between their neighbours
values = np.interp(whole, known, [np.mean(months[m]) for m in known])
print("year,month,co2_ppm")
for number, value in zip(whole, values):
    print(f"{number // 12},{number % 12 + 1},{value:.2f}")
