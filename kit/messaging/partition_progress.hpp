// Which records of the assigned partitions are done, when a key that waits must not hold up the others: the offset that
// may be committed is below the first record that is still open. Pure bookkeeping, no I/O.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "kit/kafka/record.hpp"
#include "kit/kafka/topic_partition.hpp"

namespace evc::messaging {

class PartitionProgress {
 public:
  void begin(const kafka::Record& record);
  void done(const kafka::Record& record);
  void forget(const kafka::TopicPartition& partition);
  std::size_t open(const kafka::TopicPartition& partition) const;
  // Records whose offsets stand for what may be committed, of partitions where that has moved since the last call.
  std::vector<kafka::Record> take_committable();
  // They were not committed after all, and are to be given out again.
  void not_committed(const std::vector<kafka::Record>& records);

 private:
  struct Partition {
    std::set<std::int64_t> open;
    std::int64_t highest = -1;
    std::int64_t committed = -1;
  };
  std::map<kafka::TopicPartition, Partition> partitions_;
};

}  // namespace evc::messaging
