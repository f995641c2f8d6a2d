package org.xsepconv.jmh;

import java.util.List;
import org.bytedeco.dnnl.global.dnnl;

/** Instructions that the measuring process may use. ONNX Runtime and XNNPACK have no such switch and take what the CPU has. */
enum Isa {
    /** All that the CPU has. */
    ALL {
        @Override
        List<String> jvmArgs() {
            return List.of();
        }

        @Override
        void limitOneDnn() {}

        @Override
        int bits(int preferred) {
            return preferred;
        }
    },
    /** Vectors of 256 bits, 16 registers, no mask registers. */
    AVX2 {
        @Override
        List<String> jvmArgs() {
            return List.of("-XX:UseAVX=2", "-D" + PROPERTY + "=avx2");
        }

        @Override
        void limitOneDnn() {
            OneDnn.check(dnnl.dnnl_set_max_cpu_isa(dnnl.dnnl_cpu_isa_avx2));
        }

        @Override
        int bits(int preferred) {
            return Math.min(256, preferred);
        }
    };

    private static final String PROPERTY = "xsepconv.jmh.isa";

    /** What the measuring process is started with. */
    abstract List<String> jvmArgs();

    /** To be called before oneDNN has compiled anything. */
    abstract void limitOneDnn();

    /** Widest vectors of the measuring process, given those of a JVM without limits. */
    abstract int bits(int preferred);

    static Isa ofThisProcess() {
        return of(System.getProperty(PROPERTY, ""));
    }

    static Isa of(String name) {
        return switch (name) {
            case "" -> ALL;
            case "avx2" -> AVX2;
            default -> throw new IllegalArgumentException("isa: \"" + name + "\", expected avx2 or nothing");
        };
    }
}
