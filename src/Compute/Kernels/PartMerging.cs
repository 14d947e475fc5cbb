using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Kernels;

/// <summary>The end of an attention whose long sequences were cut into parts.</summary>
internal readonly ref struct PartMerging<TFormat>(PagedAttention<TFormat> attention) : ITeamJob
    where TFormat : IKvFormat
{
    private readonly PagedAttention<TFormat> _attention = attention;

    public void Run(int member, int size)
    {
        switch (InstructionTiers.VectorBits)
        {
            case 512: _attention.MergeParts<Vector512<float>, Lanes512>(); break;
            case 256: _attention.MergeParts<Vector256<float>, Lanes256>(); break;
            case 128: _attention.MergeParts<Vector128<float>, Lanes128>(); break;
            default: _attention.MergeParts<float, Lanes1>(); break;
        }
    }
}
