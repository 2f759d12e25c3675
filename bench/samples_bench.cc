// What samples cost in the storage engine: appending (WAL and head), memory, flushing, merging, bytes on disk, reading all
// and single series, and a restart. The mix is that of node exporters and model servers: counters, gauges, constants.
//
//   samples_bench [series] [steps] [directory]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/clock.h"
#include "base/file_system.h"
#include "storage/embedded_store.h"

namespace {

using namespace trilobite;

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;
constexpr int kInterval = 15;
constexpr std::size_t kBatchRows = 2000;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::ifstream in("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  in >> total >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

enum class Shape : std::uint8_t { kCpu, kSlow, kBytes, kConstant, kCount, kLoad, kPercent, kWatt };

struct Series {
  LabelSetRef labels;
  Shape shape;
  double value, scale;
};

class Mix {
 public:
  explicit Mix(std::size_t count) {
    for (int node = 0; series_.size() < count; ++node) add_node(node);
    series_.resize(count);
  }
  const std::vector<Series>& series() const { return series_; }
  double next(std::size_t index) {
    Series& s = series_[index];
    switch (s.shape) {
      case Shape::kCpu: s.value = std::round((s.value + uniform() * s.scale * kInterval) * 100) / 100; break;
      case Shape::kSlow: s.value = std::round((s.value + (uniform() < .1 ? .01 : 0)) * 100) / 100; break;
      case Shape::kBytes: s.value = std::max(0.0, s.value + std::trunc((uniform() - .5) * 1e6) * 4096); break;
      case Shape::kConstant: break;
      case Shape::kCount: s.value += std::trunc(uniform() * 2 * s.scale); break;
      case Shape::kLoad: s.value = std::round((s.value * .95 + uniform() * .4) * 100) / 100; break;
      case Shape::kPercent: s.value = std::clamp(s.value + std::trunc(uniform() * 11) - 5, 0.0, 100.0); break;
      case Shape::kWatt: s.value = std::round(std::clamp(s.value + uniform() * 20 - 10, 70.0, 700.0) * 1000) / 1000;
    }
    return s.value;
  }

 private:
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  void add(std::string name, std::vector<std::pair<std::string, std::string>> labels, Shape shape, double value,
           double scale) {
    labels.emplace_back("__name__", std::move(name));
    series_.push_back({std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(labels))), shape, value, scale});
  }
  void add_node(int node) {
    const std::string host = fmt::format("node-{:03}", node);
    const auto base = [&](std::vector<std::pair<std::string, std::string>> more) {
      more.insert(more.end(), {{"instance", host + ":9100"}, {"job", "node"}, {"cluster", fmt::format("c{}", node % 3)}});
      return more;
    };
    for (int cpu = 0; cpu < 8; ++cpu) {
      for (const char* mode : {"idle", "user", "system", "iowait", "irq", "softirq", "steal", "nice"}) {
        const bool busy = std::string_view(mode) == "idle" || mode[0] == 'u' || std::string_view(mode) == "system";
        add("node_cpu_seconds_total", base({{"cpu", std::to_string(cpu)}, {"mode", mode}}),
            busy ? Shape::kCpu : Shape::kSlow, std::round(uniform() * 1e7) / 100, uniform());
      }
    }
    for (const char* name : {"MemAvailable", "MemFree", "Cached", "Buffers", "Dirty"})
      add(fmt::format("node_memory_{}_bytes", name), base({}), Shape::kBytes, std::trunc(uniform() * 1e10), 0);
    for (const char* name : {"MemTotal", "SwapTotal", "HugePages", "SwapFree"})
      add(fmt::format("node_memory_{}_bytes", name), base({}), Shape::kConstant, std::trunc(uniform() * 1e11), 0);
    for (const char* device : {"nvme0n1", "nvme1n1", "eth0", "lo"}) {
      for (const char* name : {"disk_read_bytes", "disk_written_bytes", "network_receive_bytes", "network_packets"})
        add(fmt::format("node_{}_total", name), base({{"device", device}}), Shape::kCount,
            std::trunc(uniform() * 1e12), std::trunc(uniform() * (1 << 20)));
    }
    for (const char* name : {"1", "5", "15"}) add(fmt::format("node_load{}", name), base({}), Shape::kLoad, 2, 0);
    for (int gpu = 0; gpu < 8; ++gpu) {
      const std::vector<std::pair<std::string, std::string>> labels{
          {"gpu", std::to_string(gpu)}, {"UUID", fmt::format("GPU-{:08x}", random_() >> 32)}, {"Hostname", host}};
      add("DCGM_FI_DEV_GPU_UTIL", labels, Shape::kPercent, 50, 0);
      add("DCGM_FI_DEV_GPU_TEMP", labels, Shape::kPercent, 50, 0);
      add("DCGM_FI_DEV_POWER_USAGE", labels, Shape::kWatt, 300, 0);
      add("DCGM_FI_DEV_FB_USED", labels, Shape::kBytes, 4e10, 0);
      add("DCGM_FI_DEV_SM_CLOCK", labels, Shape::kConstant, 1980, 0);
    }
    for (const char* model : {"qwen3", "llama-3.3-70b"}) {
      for (const char* name : {"time_to_first_token", "inter_token_latency", "request_duration"}) {
        for (int bucket = 0; bucket < 14; ++bucket)
          add(fmt::format("dynamo_frontend_{}_seconds_bucket", name),
              {{"model", model}, {"le", std::to_string(bucket)}, {"instance", host + ":8000"}, {"job", "dynamo"}},
              Shape::kCount, 0, (bucket + 1) * .4);
      }
    }
  }

  std::mt19937_64 random_{5};
  std::vector<Series> series_;
};

void fail(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) fail(result.error());
  return std::move(result).value();
}
void must(Result<void> result) {
  if (!result.ok()) fail(result.error());
}

class Bench {
 public:
  Bench(std::size_t series, std::size_t steps, std::string directory)
      : mix_(series), steps_(steps), directory_(std::move(directory)) {
    options_.directory = directory_;
    options_.background = false;
    files_ = make_real_file_system();
    std::filesystem::remove_all(directory_);
  }

  void run() {
    open();
    const double before = resident_mib();
    double append = 0, flush = 0, head_mib = 0, wal_mib = 0;
    const std::size_t steps_of_head = 40;  // ten minutes
    for (std::size_t step = 0; step < steps_; ++step) {
      append += append_step(step);
      if (step % steps_of_head != steps_of_head - 1) continue;
      head_mib = std::max(head_mib, static_cast<double>(store_->statistics().bytes_head) / (1 << 20));
      wal_mib = std::max(wal_mib, static_cast<double>(store_->statistics().bytes_wal) / (1 << 20));
      if (step + 1 == steps_) break;  // the last is for the restart
      flush += timed([&] { must(store_->flush()); });
    }
    const double count = static_cast<double>(mix_.series().size() * steps_);
    fmt::print("append            {:7.1f} ns/sample (WAL and head, with sync)\n", append / count * 1e9);
    fmt::print("head              {:7.1f} MiB, WAL {:.1f} MiB, resident {:.0f} MiB more\n", head_mib, wal_mib,
               resident_mib() - before);
    const double restart = timed([&] {
      store_.reset();
      open();
    });
    fmt::print("restart           {:7.3f} s\n", restart);
    read("head and parts");
    flush += timed([&] { must(store_->flush()); });
    fmt::print("flush             {:7.1f} ns/sample, {:.3f} bytes/sample\n", flush / count * 1e9, bytes_per_sample());
    clock_.advance(std::chrono::minutes(10));
    const double merge = timed([&] {
      while (must(store_->merge_once())) {
      }
    });
    fmt::print("merge             {:7.1f} ns/sample, {:.3f} bytes/sample, {} parts\n", merge / count * 1e9,
               bytes_per_sample(), store_->statistics().parts);
    read("one part");
    read("one part, cached");
  }

 private:
  template <class Work>
  static double timed(const Work& work) {
    const double begin = cpu_seconds();
    work();
    return cpu_seconds() - begin;
  }

  void open() { store_ = must(EmbeddedStore::open({*files_, clock_}, options_)); }

  double append_step(std::size_t step) {
    double cpu = 0;
    for (std::size_t begin = 0; begin < mix_.series().size(); begin += kBatchRows) {
      Batch batch;
      std::vector<double> values;
      for (std::size_t i = begin; i < std::min(mix_.series().size(), begin + kBatchRows); ++i) {
        batch.label_set_of_row.push_back(static_cast<std::uint32_t>(i - begin));
        batch.label_sets.push_back(mix_.series()[i].labels);
        batch.times.push_back(kStart + static_cast<TimeNs>(step) * kInterval * kNsPerSecond +
                              static_cast<TimeNs>(step * 7919 % 8) * 1'000'000);
        values.push_back(mix_.next(i));
      }
      batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
      cpu += timed([&] { must(store_->append("t", Signal::kMetrics, batch, {})); });
    }
    return cpu;
  }

  double bytes_per_sample() const {
    const StoreStatistics statistics = store_->statistics();
    return static_cast<double>(statistics.bytes_disk - statistics.bytes_wal) /
           static_cast<double>(mix_.series().size() * steps_);
  }

  void read(std::string_view what) {
    ScanRequest request;
    request.tenant = "t";
    request.signal = Signal::kMetrics;
    request.range = {0, std::numeric_limits<TimeNs>::max()};
    std::size_t samples = 0;
    double sum = 0;
    const double all = timed([&] {
      auto scan = must(store_->scan_series(request));
      SeriesSamples series;
      while (must(scan->next(series))) {
        samples += series.times.size();
        sum += series.values.back();
      }
    });
    request.matchers = {{"__name__", MatchOp::kEqual, "node_load1"}, {"instance", MatchOp::kEqual, "node-001:9100"}};
    const double one = timed([&] {
      for (int i = 0; i < 100; ++i) {
        auto scan = must(store_->scan_series(request));
        SeriesSamples series;
        while (must(scan->next(series))) sum += series.values.back();
      }
    });
    fmt::print("read, {:<16} {:5.2f} ns/sample of all {}; {:.0f} us for one series ({:.0f})\n", what,
               all / static_cast<double>(samples) * 1e9, samples, one / 100 * 1e6, sum);
  }

  Mix mix_;
  std::size_t steps_;
  std::string directory_;
  std::unique_ptr<FileSystem> files_;
  ManualClock clock_{kStart};
  StorageOptions options_;
  std::unique_ptr<EmbeddedStore> store_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t series = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  const std::size_t steps = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 480;
  Bench(series, steps, argc > 3 ? argv[3] : "/tmp/samples_bench").run();
  return 0;
}
