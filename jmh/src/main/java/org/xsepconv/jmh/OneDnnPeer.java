package org.xsepconv.jmh;

import java.util.stream.Stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.xsepconv.Operator;
import org.xsepconv.Split;

/** oneDNN through its C functions, on one thread: weights reordered beforehand, activation as a post-op. */
final class OneDnnPeer implements Peer {

    @Override
    public String id() {
        return "onednn";
    }

    @Override
    public String version() {
        dnnl_version_t version = dnnl.dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch();
    }

    @Override
    public boolean accepts(Operator operator) {
        return Workload.isLine(operator) || Workload.isFlatSplit(operator);
    }

    /**
     * Either the convolution works on the caller's layout, or on one of its choice, the reorders timed. The branches of a split also may be
     * brought to dense tensors in the caller's layout.
     */
    @Override
    public Contender prepare(Workload workload) {
        return Fastest.of(Stream.of(OneDnnLine.Form.values())
                .filter(form -> form != OneDnnLine.Form.DENSE || workload.operator() instanceof Split)
                .<Contender>map(form -> new OneDnnLine(workload, form))
                .toList());
    }
}
