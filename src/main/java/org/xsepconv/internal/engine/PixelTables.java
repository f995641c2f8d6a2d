package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Blocks;
import org.xsepconv.internal.emit.PixelChain;
import org.xsepconv.internal.emit.PixelSpread;
import org.xsepconv.internal.emit.PixelStem;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** The kernel of a {@link PixelPlan}, and the blocks of numbers and weights that it reads. */
final class PixelTables {
    private final PixelPlan plan;
    private final Step.Fused step;
    private final int lanes;
    private final PixelChain.Head head;

    PixelTables(PixelPlan plan) {
        this.plan = plan;
        this.step = plan.step();
        this.lanes = plan.lanes();
        int most = 1;
        for (int u = 0; u < plan.units(); u++) {
            most = Math.max(most, paddings(u).size());
        }
        this.head = new PixelChain.Head(most);
    }

    /** First channel of a vector: the last one overlaps the one before. */
    private int first(int unit) {
        return Math.min(unit * lanes, step.c() - lanes);
    }

    /** The groups of channels that a vector has lanes of. */
    private List<Step.Border> paddings(int unit) {
        int first = first(unit);
        return step.borders().stream()
                .filter(b -> b.first() < first + lanes && first < b.end())
                .toList();
    }

    private long blockBytes() {
        long bytes = head.weights();
        for (Step.Convolve s : step.stages()) {
            bytes += Blocks.of(lanes, s.taps()).bytes();
        }
        return bytes;
    }

    PixelChain recipe() {
        long vector = 4L * lanes;
        int taps = plan.across(plan.cross()).kernel();
        View x = step.src();
        View y = step.dst();
        PixelStem stem = new PixelStem(
                finish(plan.corner()),
                plan.down(),
                plan.along(plan.line()),
                plan.across(plan.line()).out(),
                plan.tile(),
                plan.edge(),
                plan.down() ? x.row() : x.pixel(),
                plan.down() ? x.pixel() : x.row(),
                (plan.across(plan.cross()).out() + taps - 1) * vector,
                vector,
                finish(plan.line()));
        PixelSpread spread = new PixelSpread(
                plan.across(plan.cross()).out(),
                taps,
                plan.across(plan.cross()).pad(),
                plan.group(),
                plan.down() ? y.row() : y.pixel(),
                plan.down() ? y.pixel() : y.row(),
                finish(plan.cross()));
        return new PixelChain(stem, spread, head, plan.band(), blockBytes());
    }

    private static PixelChain.Finish finish(Step.Convolve s) {
        return new PixelChain.Finish(
                ActivationKind.of(s.activation()), ActivationKind.p(s.activation()), ActivationKind.q(s.activation()));
    }

    MemorySegment packed() {
        MemorySegment memory = Arena.ofAuto().allocate(blockBytes() * plan.units(), ConvPass.ALIGNMENT);
        for (int u = 0; u < plan.units(); u++) {
            MemorySegment block = memory.asSlice(blockBytes() * u, blockBytes());
            List<Integer> numbers = numbers(u);
            for (int i = 0; i < numbers.size(); i++) {
                block.setAtIndex(ValueLayout.JAVA_INT, i, numbers.get(i));
            }
            long at = head.weights() / 4;
            for (Step.Convolve s : step.stages()) {
                for (int tap = -1; tap < s.taps(); tap++) {
                    for (int l = 0; l < lanes; l++) {
                        int c = first(u) + l;
                        float value = tap < 0 ? s.bias()[c] : s.weights()[c * s.taps() + tap];
                        block.setAtIndex(ValueLayout.JAVA_FLOAT, at++, value);
                    }
                }
            }
        }
        return memory;
    }

    private List<Integer> numbers(int unit) {
        List<Step.Border> own = paddings(unit);
        int first = first(unit);
        List<Integer> numbers = new ArrayList<>(List.of(4 * first, own.size() > 1 ? 1 : 0));
        for (int p = 0; p < head.paddings(); p++) {
            Step.Border b = own.get(Math.min(p, own.size() - 1));
            long before = b.top() * step.src().row() + b.left() * step.src().pixel();
            numbers.add(Math.toIntExact(4L * first - before));
        }
        for (int along = 0; along < PixelChain.Head.PLACES; along++) {
            for (int across = 0; across < PixelChain.Head.PLACES; across++) {
                for (int p = 0; p < head.paddings(); p++) {
                    numbers.add(p < own.size() ? lanes(own.get(p), first, along, across) : 0);
                }
            }
        }
        shifts(numbers, own, plan.down());
        shifts(numbers, own, !plan.down());
        return numbers;
    }

    /** From the first and the last position of an axis into the input, where they are outside. */
    private void shifts(List<Integer> numbers, List<Step.Border> own, boolean rows) {
        int bytes = Math.toIntExact(rows ? step.src().row() : step.src().pixel());
        for (int place = 0; place < PixelChain.Head.PLACES; place++) {
            for (int p = 0; p < head.paddings(); p++) {
                Step.Border b = own.get(Math.min(p, own.size() - 1));
                boolean outside = outside(rows ? b.top() : b.left(), place);
                numbers.add(outside ? place == 0 ? bytes : -bytes : 0);
            }
        }
    }

    /** The lanes of a padding if a position is inside of the input for them. */
    private int lanes(Step.Border border, int first, int along, int across) {
        int before = plan.down() ? border.top() : border.left();
        int beside = plan.down() ? border.left() : border.top();
        if (outside(before, along) || outside(beside, across)) {
            return 0;
        }
        int from = Math.max(0, border.first() - first);
        int to = Math.min(lanes, border.end() - first);
        return (1 << to) - (1 << from);
    }

    /** With a zero before the input the first position is outside, without one the last. */
    private static boolean outside(int zeros, int place) {
        return place == (zeros == 1 ? 0 : PixelChain.Head.PLACES - 1);
    }
}
