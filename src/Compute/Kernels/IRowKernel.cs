using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Kernels;

/// <summary>An operation whose rows (tokens) do not depend on each other.</summary>
internal interface IRowKernel
{
    /// <summary>Rows that one member must take together, where others would write to the same cache lines.</summary>
    static virtual int RowsTogether => 1;

    /// <summary>Computes rows <c>[start, end)</c> with one width of registers.</summary>
    void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>;
}

/// <summary>Runs row kernels in the tier of this process.</summary>
internal static class RowKernels
{
    /// <summary>Computes rows <c>[start, end)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows<TKernel>(in TKernel kernel, int start, int end)
        where TKernel : struct, IRowKernel, allows ref struct
    {
        switch (InstructionTiers.VectorBits)
        {
            case 512: kernel.Rows<Vector512<float>, Lanes512>(start, end); break;
            case 256: kernel.Rows<Vector256<float>, Lanes256>(start, end); break;
            case 128: kernel.Rows<Vector128<float>, Lanes128>(start, end); break;
            default: kernel.Rows<float, Lanes1>(start, end); break;
        }
    }
}

/// <summary>A row kernel shared out to a team by ticket.</summary>
internal readonly ref struct RowJob<TKernel>(TKernel kernel, int rows, ThreadTeam team) : ITeamJob
    where TKernel : struct, IRowKernel, allows ref struct
{
    private const int TicketsPerMember = 4;

    private readonly TKernel _kernel = kernel;

    public void Run(int member, int size)
    {
        int tickets = size * TicketsPerMember, together = TKernel.RowsTogether;
        var step = size == 1 ? rows : ((rows + tickets - 1) / tickets + together - 1) / together * together;
        for (int start; (start = team.TakeTicket() * step) < rows;)
            RowKernels.Rows(in _kernel, start, Math.Min(start + step, rows));
    }
}
