// The one file that includes spdlog: it brings the sinks, the levels and the time stamps; the JSON is ours.
#include "base/log.h"

#include <memory>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/json.h"

namespace heirloom::log {
namespace {

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> function) : function_(std::move(function)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    function_({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> function_;
};

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warning:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
    case Level::Off:
      break;
  }
  return spdlog::level::off;
}

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance;
  return instance;
}

void install(Level level, spdlog::sink_ptr sink, std::string end_of_line) {
  auto fresh = std::make_shared<spdlog::logger>("heirloom", std::move(sink));
  fresh->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(R"({"ts":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v)",
                                                  spdlog::pattern_time_type::utc, std::move(end_of_line)));
  fresh->set_level(native(level));
  logger() = std::move(fresh);
}

}  // namespace

void configure(Level level) { install(level, std::make_shared<spdlog::sinks::stderr_sink_mt>(), "\n"); }

void configure(Level level, std::function<void(std::string_view line)> sink) {
  install(level, std::make_shared<FunctionSink>(std::move(sink)), "");
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  spdlog::logger* const out = logger().get();
  if (out == nullptr || level == Level::Off || !out->should_log(native(level))) return;
  JsonBuilder line;
  line.begin_object().member("msg", message);
  for (const Field& field : fields) line.member(field.key, field.value);
  line.end_object();
  const std::string text = write_json(line.take());
  out->log(native(level),
           spdlog::string_view_t(text.data() + 1, text.size() - 1));  // the pattern has the brace
}

}  // namespace heirloom::log
