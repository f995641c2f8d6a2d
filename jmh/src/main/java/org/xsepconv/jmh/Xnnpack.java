package org.xsepconv.jmh;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URL;
import org.bytedeco.javacpp.Loader;
import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;

/**
 * The functions of XNNPACK's C interface that a convolution needs, as of the version in the POM: their arguments have changed
 * over the years. The library is the one inside TensorFlow Lite.
 */
final class Xnnpack {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong SIZE = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final MemorySegment NONE = MemorySegment.NULL;

    private static final int FLAG_DEPTHWISE_CONVOLUTION = 1;
    private static final int DATATYPE_FP32 = 1;
    private static final int UNARY_HARDSWISH = 11;

    private static final SymbolLookup LIBRARY = library();
    private static final MethodHandle CREATE_CONVOLUTION = function(
            "xnn_create_convolution2d_nhwc_f32",
            INT, // padding: top, right, bottom, left
            INT,
            INT,
            INT,
            INT, // kernel
            INT,
            INT, // stride
            INT,
            INT, // dilation
            INT,
            INT, // groups
            SIZE, // channels of a group
            SIZE,
            SIZE, // from pixel to pixel
            SIZE,
            POINTER, // kernel, bias
            POINTER,
            FLOAT, // clamp
            FLOAT,
            INT, // flags
            POINTER, // weights cache
            POINTER);
    private static final MethodHandle RESHAPE_CONVOLUTION = function(
            "xnn_reshape_convolution2d_nhwc_f32", POINTER, SIZE, SIZE, SIZE, POINTER, POINTER, POINTER, POINTER);
    private static final MethodHandle SETUP_CONVOLUTION =
            function("xnn_setup_convolution2d_nhwc_f32", POINTER, POINTER, POINTER, POINTER);
    private static final MethodHandle CREATE_UNARY = function(
            "xnn_create_unary_elementwise_nc",
            INT, // operator
            INT, // types: in, out
            INT,
            POINTER, // parameters
            POINTER, // lookup table
            POINTER, // quantization: in, out
            POINTER,
            INT, // flags
            POINTER);
    private static final MethodHandle RESHAPE_UNARY =
            function("xnn_reshape_unary_elementwise_nc", POINTER, SIZE, SIZE, SIZE, SIZE, POINTER);
    private static final MethodHandle SETUP_UNARY =
            function("xnn_setup_unary_elementwise_nc", POINTER, POINTER, POINTER);
    private static final MethodHandle CREATE_COPY = function("xnn_create_copy_nc_x32", INT, POINTER);
    private static final MethodHandle RESHAPE_COPY =
            function("xnn_reshape_copy_nc_x32", POINTER, SIZE, SIZE, SIZE, SIZE, POINTER);
    private static final MethodHandle SETUP_COPY = function("xnn_setup_copy_nc_x32", POINTER, POINTER, POINTER);
    private static final MethodHandle RUN = function("xnn_run_operator", POINTER, POINTER);
    private static final MethodHandle DELETE = function("xnn_delete_operator", POINTER);

    static {
        MethodHandle initialize = function("xnn_initialize", POINTER);
        check(() -> (int) initialize.invokeExact(NONE));
    }

    private Xnnpack() {}

    /** A call that returns a status. */
    private interface Call {
        int status() throws Throwable;
    }

    private static void check(Call call) {
        int status;
        try {
            status = call.status();
        } catch (Throwable e) {
            throw new IllegalStateException("XNNPACK: " + e, e);
        }
        if (status != 0) {
            throw new IllegalStateException("XNNPACK: status " + status);
        }
    }

    private static SymbolLookup library() {
        String name = "/org/bytedeco/tensorflowlite/" + Loader.getPlatform() + "/libjnitensorflowlite.so";
        URL resource = Xnnpack.class.getResource(name);
        if (resource == null) {
            throw new IllegalStateException("no library for " + Loader.getPlatform());
        }
        try {
            return SymbolLookup.libraryLookup(Loader.cacheResource(resource).toPath(), Arena.global());
        } catch (IOException e) {
            throw new IllegalStateException("the library cannot be unpacked: " + e, e);
        }
    }

    private static MethodHandle function(String name, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(INT, arguments));
    }

    static String version() {
        MethodHandle version = Linker.nativeLinker()
                .downcallHandle(LIBRARY.findOrThrow("TfLiteVersion"), FunctionDescriptor.of(POINTER));
        try {
            return ((MemorySegment) version.invokeExact()).reinterpret(64).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException("TensorFlow Lite: " + e, e);
        }
    }

    /**
     * Creates a convolution of the channels from {@code first} to before {@code end}; it copies the weights. From pixel to pixel it goes
     * {@code from} floats in its input and {@code to} in its output.
     */
    static MemorySegment convolution(DepthwiseConv2d conv, Weights weights, int first, int end, long from, long to) {
        Padding.Explicit pads = conv.pads(first);
        int groups = end - first;
        boolean clamped = conv.activation() instanceof Activation.Clamp;
        float lo = clamped ? ((Activation.Clamp) conv.activation()).lo() : Float.NEGATIVE_INFINITY;
        float hi = clamped ? ((Activation.Clamp) conv.activation()).hi() : Float.POSITIVE_INFINITY;
        int taps = conv.kernelHeight() * conv.kernelWidth();
        float[] values = weights.values();
        try (Arena arena = Arena.ofConfined()) {
            // A row of channels for every tap.
            MemorySegment kernel = arena.allocate(FLOAT, (long) taps * groups);
            MemorySegment bias = arena.allocate(FLOAT, groups);
            MemorySegment.copy(weights.bias(), first, bias, FLOAT, 0, groups);
            for (int g = 0; g < groups; g++) {
                for (int tap = 0; tap < taps; tap++) {
                    kernel.setAtIndex(FLOAT, (long) tap * groups + g, values[(first + g) * taps + tap]);
                }
            }
            MemorySegment result = arena.allocate(POINTER);
            check(() -> (int) CREATE_CONVOLUTION.invokeExact(
                    pads.top(),
                    pads.right(),
                    pads.bottom(),
                    pads.left(),
                    conv.kernelHeight(),
                    conv.kernelWidth(),
                    conv.strideHeight(),
                    conv.strideWidth(),
                    conv.dilationHeight(),
                    conv.dilationWidth(),
                    groups,
                    1L,
                    1L,
                    from,
                    to,
                    kernel,
                    bias,
                    lo,
                    hi,
                    FLAG_DEPTHWISE_CONVOLUTION,
                    NONE,
                    result));
            return result.get(POINTER, 0);
        }
    }

    /** Tells a convolution the size of its input; the bytes of workspace it asks for. */
    static long reshape(MemorySegment operator, TensorShape src) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sizes = arena.allocate(SIZE, 3);
            check(() -> (int) RESHAPE_CONVOLUTION.invokeExact(
                    operator,
                    (long) src.n(),
                    (long) src.h(),
                    (long) src.w(),
                    sizes,
                    sizes.asSlice(8),
                    sizes.asSlice(16),
                    NONE));
            return sizes.get(SIZE, 0);
        }
    }

    static void bind(MemorySegment operator, MemorySegment workspace, MemorySegment src, MemorySegment dst) {
        check(() -> (int) SETUP_CONVOLUTION.invokeExact(operator, workspace, src, dst));
    }

    /** A hard-swish in place, ready to run. */
    static MemorySegment hardSwish(TensorShape shape, MemorySegment data) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(POINTER);
            check(() -> (int) CREATE_UNARY.invokeExact(
                    UNARY_HARDSWISH, DATATYPE_FP32, DATATYPE_FP32, NONE, NONE, NONE, NONE, 0, result));
            MemorySegment operator = result.get(POINTER, 0);
            long c = shape.c();
            long pixels = shape.elements() / c;
            check(() -> (int) RESHAPE_UNARY.invokeExact(operator, pixels, c, c, c, NONE));
            check(() -> (int) SETUP_UNARY.invokeExact(operator, data, data));
            return operator;
        }
    }

    /** A copy of some channels of so many pixels, ready to run; {@code from} and {@code to} floats from pixel to pixel. */
    static MemorySegment copy(long pixels, long channels, MemorySegment src, long from, MemorySegment dst, long to) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(POINTER);
            check(() -> (int) CREATE_COPY.invokeExact(0, result));
            MemorySegment operator = result.get(POINTER, 0);
            check(() -> (int) RESHAPE_COPY.invokeExact(operator, pixels, channels, from, to, NONE));
            check(() -> (int) SETUP_COPY.invokeExact(operator, src, dst));
            return operator;
        }
    }

    /** Runs on the calling thread: there is no thread pool. */
    static void run(MemorySegment operator) {
        check(() -> (int) RUN.invokeExact(operator, NONE));
    }

    static void delete(MemorySegment operator) {
        check(() -> (int) DELETE.invokeExact(operator));
    }
}
