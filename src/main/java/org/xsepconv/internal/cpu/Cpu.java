package org.xsepconv.internal.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What this process can use of its CPU. Touches a vector class only after it has seen that there are some. */
public final class Cpu {
    private static final System.Logger LOG = System.getLogger("org.xsepconv");

    private static final long SMALL_L2 = 512 << 10;

    /** A fair share of a large L3 cache. */
    private static final long SHARE_OF_L3 = 8 << 20;

    /** Bits of the widest vector that is worth using here, or 0 without the Vector API. */
    public static final int PREFERRED_BITS = detect();

    /** Whether its memory model keeps loads in order, so that a fence for loads is no instruction: x86. */
    public static final boolean X86 = x86();

    /** Vector registers: what a tile may hold. Without AVX-512 an x86 CPU has 16 of them, all others have 32. */
    public static final int REGISTERS = PREFERRED_BITS == 512 || !X86 ? 32 : 16;

    /**
     * Whether there are registers for masks. Without them a masked store may take as long as a dozen whole ones: AVX2 on AMD, 12 to 17 cycles
     * in place of one. Masked loads cost nothing there.
     */
    public static final boolean MASKS = PREFERRED_BITS == 512;

    /** Whether one instruction takes lanes from two vectors, wherever they are; else it is two permutations and a blend. */
    public static final boolean TWO_TABLES = PREFERRED_BITS == 512 || !X86;

    /**
     * Whether vectors of 512 bits are computed in two halves, so that 256 bits are as fast per lane: AMD's family 25 (Zen 4). False where the
     * system does not tell.
     */
    public static final boolean HALVES = PREFERRED_BITS == 512 && zen4();

    /** Whether it is Intel's, which divides a vector of 512 bits in 16 cycles. False where the system does not tell. */
    public static final boolean INTEL = cpuinfo().contains("vendor_id:GenuineIntel");

    /** The L2 cache of a core; 512 KB where the system does not tell. */
    public static final long L2_BYTES = levelTwo();

    /**
     * Input and output of a pass that it can stream without waiting. What leaves L2 costs little where L3 is fast, on AMD, and much elsewhere;
     * half of L2 is for what other passes leave there. Where the system does not tell, a large L3 is assumed.
     */
    public static final long NEAR_BYTES = nearBytes();

    /**
     * Multiply-adds of whole vectors per cycle, of which the rest of what a kernel does is counted in: where there are two, everything else
     * costs twice as many. CPUs with shorter vectors are counted as Zen 4 is.
     */
    public static final int FMAS = PREFERRED_BITS == 512 && !HALVES ? 2 : 1;

    /**
     * Whether it does as many permutations of whole vectors per cycle as multiply-adds, two: AMD's since Zen 5. Intel's do one. False where the
     * system does not tell.
     */
    public static final boolean PERMUTES_TWICE = FMAS > 1 && amd();

    private Cpu() {}

    private static long nearBytes() {
        return INTEL ? L2_BYTES / 2 : SHARE_OF_L3;
    }

    private static long levelTwo() {
        try {
            String size = Files.readString(Path.of("/sys/devices/system/cpu/cpu0/cache/index2/size"))
                    .strip();
            return size.matches("[0-9]{1,6}K") ? Long.parseLong(size.substring(0, size.length() - 1)) * 1024 : SMALL_L2;
        } catch (IOException | UncheckedIOException | SecurityException e) {
            return SMALL_L2;
        }
    }

    /** The first processor's lines, without blanks; none where the system does not tell. */
    private static List<String> cpuinfo() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.takeWhile(line -> !line.isBlank())
                    .map(line -> line.replaceAll("\\s+", ""))
                    .toList();
        } catch (IOException | UncheckedIOException | SecurityException e) {
            return List.of();
        }
    }

    private static boolean zen4() {
        return amd() && (windows().contains("Family 25 ") || cpuinfo().contains("cpufamily:25"));
    }

    private static boolean amd() {
        return windows().endsWith("AuthenticAMD") || cpuinfo().contains("vendor_id:AuthenticAMD");
    }

    /** For instance "AMD64 Family 25 Model 17 Stepping 1, AuthenticAMD"; nothing elsewhere. */
    private static String windows() {
        return System.getenv().getOrDefault("PROCESSOR_IDENTIFIER", "");
    }

    private static boolean x86() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") || name.equals("x86_64");
    }

    private static int detect() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "xsepconv runs scalar kernels, many times slower: the module jdk.incubator.vector is not there."
                            + " Start java with --add-modules jdk.incubator.vector");
            return 0;
        }
        return Vectors.preferredBits();
    }

    /**
     * Whether vectors of this width run at full speed here.
     *
     * @param bits 64, 128, 256 or 512
     * @return true if the CPU has them
     */
    public static boolean supports(int bits) {
        return bits <= PREFERRED_BITS && Integer.bitCount(bits) == 1 && bits >= 64;
    }

    /**
     * The vector widths of this CPU.
     *
     * @return bits, ascending; empty without the Vector API
     */
    public static List<Integer> widths() {
        List<Integer> widths = new ArrayList<>();
        for (int bits = 64; bits <= 512; bits *= 2) {
            if (supports(bits)) {
                widths.add(bits);
            }
        }
        return widths;
    }

    /** The only reference of this package to a vector class, so that loading {@link Cpu} needs none. */
    private static final class Vectors {
        static int preferredBits() {
            return jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorBitSize();
        }
    }
}
