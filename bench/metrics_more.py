"""Series that the corpus of metrics.py lacks: some that come and go, and histograms of 2,000 buckets together.

Made as they are sent, step by step beside the corpus; the same each time.
  pods     a tenth as many series as the corpus has, ten to a pod; each hour a tenth of the pods is replaced by new ones
           with other names, so that of all series about 1 % an hour are new
  buckets  20 instances of a service, 100 buckets each
"""
import random
import struct

PODS_SHARE, SERIES_OF_POD, REPLACED_PER_HOUR = 0.1, 10, 0.1
INSTANCES, BUCKETS = 20, 100

QUERIES = {
    "range_2000_buckets": ("histogram_quantile(0.99, sum by (le) (rate(bench_request_seconds_bucket[5m])))", 15),
    "range_2000_buckets_each": ("histogram_quantile(0.9, rate(bench_request_seconds_bucket[5m]))", 30),
    "instant_2000_buckets": ("histogram_quantile(0.99, sum by (le) (rate(bench_request_seconds_bucket[5m])))", 0),
    "range_churn_rate": ("sum by (deployment) (rate(bench_pod_cpu_seconds_total[5m]))", 30),
    "instant_churn_living": ("count by (deployment) (bench_pod_cpu_seconds_total)", 0),
}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, body):
    return bytes((number << 3 | 2,)) + varint(len(body)) + body


def snappy(body):
    """As literals: a stream that every reader of snappy takes."""
    out = [varint(len(body))]
    for at in range(0, len(body), 65536):
        piece = body[at:at + 65536]
        out.append(bytes((61 << 2,)) + struct.pack("<H", len(piece) - 1) + piece)
    return b"".join(out)


def encode_labels(labels):
    return b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in sorted(labels.items()))


class MoreSeries:
    """`samples` is how many were sent so far."""

    def __init__(self, meta):
        self.meta, self.random, self.samples = meta, random.Random(23), 0
        self.pods = []  # each: [labels of its series, values]
        self.pod_count = max(int(meta["series"] * PODS_SHARE) // SERIES_OF_POD, 10)
        self.born = 0
        for _ in range(self.pod_count):
            self.pods.append(self.make_pod())
        self.buckets = [self.make_histogram(number) for number in range(INSTANCES)]

    def make_pod(self):
        self.born += 1
        name = "web-%d-%08x" % (self.born % 7, self.random.getrandbits(32))
        labels = {"__name__": "bench_pod_cpu_seconds_total", "namespace": "prod", "deployment": "web-%d" % (self.born % 7),
                  "pod": name}
        series = [encode_labels({**labels, "container": "c%d" % number}) for number in range(SERIES_OF_POD)]
        return [series, [0.0] * SERIES_OF_POD]

    def make_histogram(self, number):
        base = {"__name__": "bench_request_seconds_bucket", "service": "checkout", "instance": "shop-%02d:8080" % number}
        bounds = ["%.4g" % (0.001 * 1.12 ** bucket) for bucket in range(BUCKETS - 1)] + ["+Inf"]
        return [[encode_labels({**base, "le": bound}) for bound in bounds], [0] * BUCKETS]

    def request(self, step):
        """The samples of one step, as a remote-write body."""
        interval = self.meta["interval"]
        time = varint((self.meta["start"] + step * interval) * 1000)
        # So many of the pods have been replaced by now.
        while self.born - self.pod_count < int(step * interval / 3600 * REPLACED_PER_HOUR * self.pod_count):
            self.pods[self.random.randrange(len(self.pods))] = self.make_pod()
        out = []
        for labels, values in self.pods:
            for number in range(SERIES_OF_POD):
                values[number] = round(values[number] + self.random.random() * interval, 3)
            out.extend(map(self.sample, labels, values, (time,) * len(values)))
        for labels, values in self.buckets:
            total = 0
            for number in range(BUCKETS):
                total += self.random.randrange(6)
                values[number] += total
            out.extend(map(self.sample, labels, values, (time,) * len(values)))
        self.samples += len(out)
        return snappy(b"".join(out))

    @staticmethod
    def sample(labels, value, time):
        sample = b"\x09" + struct.pack("<d", value) + b"\x10" + time
        return field(1, labels + field(2, sample))
