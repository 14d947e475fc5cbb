using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>Brings activations into the forms that a matrix wants, by ticket.</summary>
internal readonly unsafe struct PrepareJob(PackedMatrix w, ThreadTeam team, ActivationTiles x) : ITeamJob
{
    /// <summary>Up to so many activations one member prepares them faster than a team can agree to.</summary>
    public const int ValuesAloneMax = 1 << 14;

    /// <summary>Blocks, and columns of a panel, of one ticket.</summary>
    private const int TicketBlocks = 256, PanelColumns = 128;

    /// <summary>Whether the caller should do it as a team of one.</summary>
    public bool IsSmall => Values <= ValuesAloneMax;

    /// <summary>Activations to prepare.</summary>
    public long Values => (long)x.Columns * x.Tokens;

    /// <summary>Does all of it on the calling thread.</summary>
    public void RunAlone()
    {
        if (w.NeedsBlocks) Quantize(0, Blocks);
        for (var slice = 0; slice < PanelSlices; slice++) WritePanel(slice);
    }

    /// <inheritdoc/>
    public void Run(int member, int size)
    {
        for (var ticket = team.TakeTicket(); TryRun(ref ticket); ticket = team.TakeTicket()) { }
    }

    /// <summary>Does the work of a ticket; of one past the last it takes its tickets off.</summary>
    public bool TryRun(ref int ticket)
    {
        var blockTickets = w.NeedsBlocks ? (Blocks + TicketBlocks - 1) / TicketBlocks : 0;
        var start = ticket * TicketBlocks;
        if (ticket < blockTickets) Quantize(start, Math.Min(start + TicketBlocks, Blocks));
        else if (ticket < blockTickets + PanelSlices) WritePanel(ticket - blockTickets);
        else
        {
            ticket -= blockTickets + PanelSlices;
            return false;
        }
        return true;
    }

    private int Blocks => x.BlocksPerToken * x.Tokens;

    private int SlicesPerPanel => (x.Columns + PanelColumns - 1) / PanelColumns;

    private int PanelSlices => w.NeedsPanels ? SlicesPerPanel * x.PanelCount : 0;

    private void WritePanel(int slice)
    {
        var (panel, part) = Math.DivRem(slice, SlicesPerPanel);
        var column = part * PanelColumns;
        PanelActivations.Write(x, panel, column, Math.Min(column + PanelColumns, x.Columns));
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
