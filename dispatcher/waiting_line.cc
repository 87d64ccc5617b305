#include "dispatcher/waiting_line.h"

#include <utility>

namespace heirloom::dispatcher {

WaitingLine::Place::Place(std::shared_ptr<Lines> lines, ObjectKey key, WaitingSharer sharer)
    : lines_(std::move(lines)), key_(std::move(key)) {
  Line& line = (*lines_)[key_];
  at_ = line.insert(line.end(), std::move(sharer));
}

void WaitingLine::Place::step_out() {
  if (lines_ == nullptr) return;
  const auto line = lines_->find(key_);
  line->second.erase(at_);
  if (line->second.empty()) lines_->erase(line);
  lines_.reset();
}

std::unique_ptr<WaitingLine::Place> WaitingLine::join(const ObjectKey& key, WaitingSharer sharer) {
  return std::make_unique<Place>(lines_, key, std::move(sharer));
}

std::vector<WaitingSharer> WaitingLine::at(const ObjectKey& key, const kube::Impersonation& identity) const {
  std::vector<WaitingSharer> waiting;
  const auto line = lines_->find(key);
  if (line == lines_->end()) return waiting;
  for (const WaitingSharer& sharer : line->second)
    if (sharer.identity == identity) waiting.push_back(sharer);
  return waiting;
}

std::size_t WaitingLine::size() const {
  std::size_t all = 0;
  for (const auto& [key, line] : *lines_) all += line.size();
  return all;
}

}  // namespace heirloom::dispatcher
