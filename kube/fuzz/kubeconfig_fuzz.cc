// Any text as a kubeconfig: an error or a configuration, never a crash; what is accepted survives being
// written and read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kube/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  std::string text(reinterpret_cast<const char*>(data), size);
  kube::KubeconfigSources sources;
  sources.environment = [](const std::string&) { return std::optional<std::string>(); };
  sources.read_file = [&text](const std::string& path) -> Result<std::string> {
    if (path == "/k") return text;
    return Status(404, reasons::kNotFound, "cannot open file " + path);
  };
  kube::KubeconfigOptions options;
  options.path = "/k";
  const Result<kube::ClientConfig> config = kube::load_client_config(options, sources);
  if (!config.ok() || !config->token_file.empty()) return 0;
  text = kube::write_kubeconfig(*config, "again");
  const Result<kube::ClientConfig> again = kube::load_client_config(options, sources);
  if (!again.ok() || again->server != config->server || again->token != config->token) std::abort();
  return 0;
}
