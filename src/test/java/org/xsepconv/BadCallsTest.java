package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every argument that must be rejected, and what the caller is told. The rows are in {@link BadDescriptions} and
 * {@link BadExecutions}. */
class BadCallsTest {

    /**
     * A row of the table.
     *
     * @param name what is wrong
     * @param call the call
     * @param exception exactly this class
     * @param message exactly this text
     */
    record Row(String name, Executable call, Class<? extends Throwable> exception, String message) {
        static Row argument(String name, String message, Executable call) {
            return new Row(name, call, IllegalArgumentException.class, message);
        }

        /** An argument that is null. */
        static Row absent(String argument, Executable call) {
            return new Row(
                    argument + " is null", call, NullPointerException.class, argument + ": null, expected a value");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> rows() {
        return Stream.of(
                        BadDescriptions.rows(),
                        BadTexts.rows(),
                        BadPlans.rows(),
                        BadExecutions.rows(),
                        BadDynamic.rows(),
                        BadRegions.rows(),
                        BadBlocks.rows())
                .flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void isRejected(Row row) {
        Throwable thrown = assertThrows(Throwable.class, row.call);
        assertEquals(row.message, thrown.getMessage());
        assertSame(row.exception, thrown.getClass());
    }

    @Test
    void aWorkspaceInUse() {
        Operator operator = Samples.large().getFirst();
        Plan plan = operator.plan(Cases.weights(operator, 1));
        Workspace workspace = plan.workspace(2);
        float[] src = Cases.values(operator.src().elements(), 1);
        MemorySegment dst = MemorySegment.ofArray(new float[(int) operator.dst().elements()]);
        MemorySegment other =
                MemorySegment.ofArray(new float[(int) operator.dst().elements()]);
        List<String> rejections = new ArrayList<>();
        Executor meanwhile = task -> {
            for (Runnable call : List.<Runnable>of(
                    () -> plan.execute(src, new float[(int) operator.dst().elements()], workspace),
                    () -> plan.execute(MemorySegment.ofArray(src), other, workspace),
                    () -> plan.execute(MemorySegment.ofArray(src), other, Runnable::run, 2, workspace))) {
                rejections.add(
                        assertThrows(IllegalStateException.class, call::run).getMessage());
            }
        };
        plan.execute(MemorySegment.ofArray(src), dst, meanwhile, 2, workspace);
        String message = "workspace: in use by another execution, expected one that is free";
        assertEquals(List.of(message, message, message), rejections);
        plan.execute(MemorySegment.ofArray(src), other, workspace);
        assertEquals(-1, dst.mismatch(other), "the execution that was under way, and one afterwards");
    }
}
