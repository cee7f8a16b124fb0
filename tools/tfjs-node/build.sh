#!/bin/sh
# Builds the native part of @tensorflow/tfjs-node from source against a TensorFlow that is already there, without network:
# the package's own install script downloads libtensorflow and a built addon, which fails behind a firewall.
#
#   pip download --no-deps tensorflow-cpu && unzip tensorflow_cpu-*.whl 'tensorflow/include/*' 'tensorflow/libtensorflow*' -d FOLDER
#   npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0     # the version of @tensorflow/tfjs-core
#   tools/tfjs-node/build.sh FOLDER/tensorflow node_modules/@tensorflow/tfjs-node
#
# TENSORFLOW: a folder with include/ and libtensorflow_cc.so.2 (of pip) or libtensorflow.so.2 (of TensorFlow's own C library, there
#   in lib/), and libtensorflow_framework.so.2. It must stay where it is: the package links to it.
# PACKAGE: the installed package, tfjs-node or tfjs-node-gpu (then with a TensorFlow for CUDA).
# Linux, g++ and Node's headers are needed. NODE_INCLUDE: where these are, if not beside node. CXX: another compiler.
set -eu

fail() {
  echo "build.sh: $1" >&2
  exit 1
}

[ $# -eq 2 ] || fail 'usage: build.sh TENSORFLOW PACKAGE'
[ -d "$1" ] || fail "$1 is no folder; unpack a wheel of TensorFlow and name its folder tensorflow"
[ -f "$2/binding/tfjs_backend.cc" ] || fail "$2 is not @tensorflow/tfjs-node; npm install --ignore-scripts @tensorflow/tfjs-node"
tensorflow=$(cd "$1" && pwd)
package=$(cd "$2" && pwd)

node=${NODE_INCLUDE:-$(node -p "require('node:path').resolve(process.execPath, '../../include/node')")}
[ -f "$node/node_api.h" ] || fail "no node_api.h in $node; set NODE_INCLUDE to Node's headers"
[ -f "$tensorflow/include/tensorflow/c/eager/c_api.h" ] || fail "no TensorFlow headers in $tensorflow/include"

# The package asks for an addon of the newest version of Node's interface that it and this Node know.
napi=$(node -p "Math.max(...require('$package/package.json').binary.napi_versions.filter((v) => v <= +process.versions.napi))")

libraries=
mkdir -p "$package/deps/lib" "$package/lib/napi-v$napi"
for name in libtensorflow_cc.so.2 libtensorflow.so.2 libtensorflow_framework.so.2; do
  for place in "$tensorflow" "$tensorflow/lib"; do
    [ -f "$place/$name" ] || continue
    ln -sf "$place/$name" "$package/deps/lib/$name"
    libraries="$libraries -l:$name"
  done
done
case "$libraries" in
  *libtensorflow_framework*libtensorflow*|*libtensorflow*libtensorflow_framework*) ;;
  *) fail "no libtensorflow_cc.so.2 (or libtensorflow.so.2) and libtensorflow_framework.so.2 in $tensorflow" ;;
esac

# shellcheck disable=SC2086 # one word for each library
"${CXX:-g++}" -std=c++17 -O2 -fPIC -shared "-DNAPI_VERSION=$napi" \
  -I"$node" -I"$package" -I"$tensorflow/include" \
  "$package/binding/tfjs_backend.cc" "$package/binding/tfjs_binding.cc" \
  -L"$package/deps/lib" $libraries '-Wl,-rpath,$ORIGIN/../../deps/lib' \
  -o "$package/lib/napi-v$napi/tfjs_binding.node"

# Node 23 has no util.isNullOrUndefined and no util.isArray any more.
sed -i \
  -e 's/(0, util_[0-9]*\.isNullOrUndefined)(\([A-Za-z]*\))/(\1 == null)/g' \
  -e 's/(0, util_[0-9]*\.isArray)(/Array.isArray(/g' \
  "$package/dist/nodejs_kernel_backend.js" "$package/dist/kernels/TopK.js"

cd "$package"
TF_CPP_MIN_LOG_LEVEL=3 node -e "
  const tf = require('.');
  const [sum] = tf.tensor1d([1, 2]).sum().dataSync();
  if (tf.getBackend() !== 'tensorflow' || sum !== 3) throw new Error('it does not compute');
  console.log('tfjs-node ' + tf.version['tfjs-node'] + ' on TensorFlow ' + tf.backend().binding.TF_Version);
"
