# ccache and mold, used when they are installed; nothing depends on them.

find_program(HEIRLOOM_CCACHE ccache)
if(HEIRLOOM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the checkout, so that another clone, or another folder, hits the same cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${HEIRLOOM_CCACHE})
endif()

find_program(HEIRLOOM_MOLD mold)
if(HEIRLOOM_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
