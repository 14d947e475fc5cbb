using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>One product on a team: round the activations, then multiply rows.</summary>
internal readonly unsafe struct MatMulJob(
    PackedMatrix w, ThreadTeam team, ActivationTiles x, float* y, int yStride) : ITeamJob
{
    /// <summary>Below so many activations one member prepares them faster than a team can agree to.</summary>
    private const int ValuesAloneMax = 1 << 14;

    /// <summary>Columns of a panel that one member writes at a time.</summary>
    private const int PanelColumns = 128;

    /// <summary>Up to so many tokens memory sets the speed, so equal shares end together.</summary>
    private const int StaticTokensMax = 8;

    /// <summary>Row groups of a ticket: few to share out evenly, enough to reuse a tile in cache.</summary>
    private const int TicketGroups = 8;

    private bool IsSmall => (long)x.Columns * x.Tokens <= ValuesAloneMax;

    /// <summary>What the caller does before the team starts.</summary>
    public void Start()
    {
        if (IsSmall) Prepare(0, 1);
    }

    /// <inheritdoc/>
    public void Run(int member, int size)
    {
        if (!IsSmall)
        {
            Prepare(member, size);
            team.Barrier();
        }
        if (x.Tokens <= StaticTokensMax) MultiplyShare(member, size);
        else MultiplyByTicket();
    }

    private void MultiplyShare(int member, int size)
    {
        foreach (var segment in w.Segments)
        {
            var (start, end) = ThreadTeam.Share(segment.Groups, member, size);
            Multiply(segment, start, end);
        }
    }

    private void MultiplyByTicket()
    {
        while (TryFind(team.TakeTicket(), out var segment, out var first))
            Multiply(segment, first, Math.Min(first + TicketGroups, segment.Groups));
    }

    private void Multiply(PackedSegment segment, int start, int end)
    {
        if (start == end) return;
        for (var tile = 0; tile < x.Tiles; tile++)
            segment.Kernel.Multiply(segment.Packed, start, end, x, tile, y + segment.FirstRow, yStride);
    }

    private bool TryFind(int ticket, out PackedSegment segment, out int firstGroup)
    {
        foreach (var candidate in w.Segments)
        {
            var tickets = (candidate.Groups + TicketGroups - 1) / TicketGroups;
            if (ticket < tickets)
            {
                (segment, firstGroup) = (candidate, ticket * TicketGroups);
                return true;
            }
            ticket -= tickets;
        }
        (segment, firstGroup) = (null!, 0);
        return false;
    }

    /// <summary>A member's share of the activations in the forms that the weights want.</summary>
    private void Prepare(int member, int size)
    {
        if (w.NeedsBlocks)
        {
            var (start, end) = ThreadTeam.Share(x.BlocksPerToken * x.Tokens, member, size);
            Quantize(start, end);
        }
        if (w.NeedsPanels)
        {
            var slices = (x.Columns + PanelColumns - 1) / PanelColumns;
            var (start, end) = ThreadTeam.Share(slices * x.PanelCount, member, size);
            for (var i = start; i < end; i++)
            {
                var column = i % slices * PanelColumns;
                PanelActivations.Write(x, i / slices, column, Math.Min(column + PanelColumns, x.Columns));
            }
        }
    }

    /// <summary>Rounds blocks counted over all tokens, token by token.</summary>
    private void Quantize(int start, int end)
    {
        while (start < end)
        {
            var (token, block) = Math.DivRem(start, x.BlocksPerToken);
            var count = Math.Min(end - start, x.BlocksPerToken - block);
            var values = (float*)x.Values + ((nint)token * x.Stride) + (block * ActivationBlock.Length);
            var step = x.TokensOf(token / ActivationTiles.TileTokens);
            QuantizeActivations.Quantize(values, count, x.BlockOf(token, block), step);
            start += count;
        }
    }
}
