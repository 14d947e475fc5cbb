using Minka.Compute.Cpu;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>Multiplies the rows of a packed matrix with prepared activations, by ticket.</summary>
/// <remarks>Which member computes a row changes no bit of it.</remarks>
internal readonly unsafe struct MatMulJob(
    PackedMatrix w, ThreadTeam team, ActivationTiles x, float* y, int yStride) : ITeamJob
{
    /// <summary>Row groups of a ticket: few to share out evenly, enough to reuse a tile in cache.</summary>
    private const int TicketGroups = 8;

    /// <summary>Up to so many tokens memory sets the speed: long runs of rows are read best.</summary>
    private const int FewTokensMax = 8;

    /// <summary>Bytes that one member multiplies in about the time of a dispatch.</summary>
    private const int BytesAloneMax = 1 << 15;

    /// <summary>Bytes of a run that is worth cutting; some microseconds more or less matter to nobody.</summary>
    private const int CutBytesMin = 1 << 18;

    /// <summary>Runs are a multiple of the row groups that kernels of floats take at once.</summary>
    private const int RunStep = 4;

    /// <summary>Whether a dispatch costs more than a second member saves.</summary>
    public bool IsSmall => w.Bytes * x.Tokens <= BytesAloneMax;

    /// <inheritdoc/>
    public void Run(int member, int size)
    {
        for (var ticket = team.TakeTicket(); TryRun(ref ticket, size); ticket = team.TakeTicket()) { }
    }

    /// <summary>Does the work of a ticket; of one past the last it takes its tickets off.</summary>
    public bool TryRun(ref int ticket, int size)
    {
        foreach (var segment in w.Segments)
        {
            if (!TryFind(ref ticket, segment, size, out var start, out var end)) continue;
            for (var tile = 0; tile < x.Tiles; tile++)
                segment.Kernel.Multiply(segment.Packed, start, end, x, tile, y + segment.FirstRow, yStride);
            return true;
        }
        return false;
    }

    /// <summary>The groups of a ticket, at the end perhaps none; otherwise takes this segment's tickets off.</summary>
    private bool TryFind(ref int ticket, PackedSegment segment, int size, out int start, out int end)
    {
        for (var next = 0; next < segment.Groups;)
        {
            var left = segment.Groups - next;
            var run = x.Tokens > FewTokensMax ? TicketGroups : RunOf(left, size, segment.Packed.GroupBytes);
            var runs = x.Tokens > FewTokensMax ? (left + run - 1) / run : size;
            if (ticket < runs)
            {
                start = Math.Min(next + (ticket * run), segment.Groups);
                end = Math.Min(start + run, segment.Groups);
                return true;
            }
            ticket -= runs;
            next += runs * run;
        }
        start = end = 0;
        return false;
    }

    /// <summary>
    /// How many of the row groups that are left each member takes next: half of its share as long as that is much, so
    /// that tickets are few and all end together, then the rest.
    /// </summary>
    private static int RunOf(int left, int size, nint groupBytes)
    {
        var share = (left + size - 1) / size;
        if (size > 1 && share * groupBytes >= CutBytesMin) share /= 2;
        return (share + RunStep - 1) / RunStep * RunStep;
    }
}
