using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Kernels;

/// <summary>
/// Causal attention over paged keys and values, with an online softmax (Milakov and Gimelshein 2018; Dao et al. 2022).
/// </summary>
/// <remarks>
/// Keys are taken in tiles of 64 and segments of 512 whose boundaries count from position 0, always in ascending order:
/// a row's result depends on its own sequence only, not on chunks, neighbours or threads. A chunk of many rows is cut
/// into tiles of rows, each an item per head. A chunk of few rows is cut into segments, each an item for as many heads
/// as possible, because heads of a block lie side by side and are read in order; <see cref="PartMerging{TFormat}"/>
/// merges its parts.
/// </remarks>
/// <param name="y"><c>[T, H * C]</c>.</param>
/// <param name="queries"><c>[T, H * C]</c>.</param>
/// <param name="pages">Keys and values.</param>
/// <param name="options">Heads, scale, window.</param>
/// <param name="layout">Sequences, positions, blocks.</param>
/// <param name="team">Hands out items.</param>
/// <param name="room">Scratch of each member and parts of sequences.</param>
/// <param name="usesCode">Whether few queries go by functions written at run time; halves only.</param>
internal readonly unsafe ref partial struct PagedAttention<TFormat>(
    FloatRows y, FloatRows queries, KvPages pages, AttentionOptions options, PagedLayout layout,
    ThreadTeam team, AttentionRoom room, bool usesCode = false) : ITeamJob
    where TFormat : IKvFormat
{
    private readonly PagedLayout _layout = layout;
    private readonly AttentionShape _shape = new(options, pages.Heads, pages.HeadDim);

    public void Run(int member, int size)
    {
        switch (InstructionTiers.VectorBits)
        {
            case 512: Run<Vector512<float>, Lanes512>(member, size); break;
            case 256: Run<Vector256<float>, Lanes256>(member, size); break;
            case 128: Run<Vector128<float>, Lanes128>(member, size); break;
            default: Run<float, Lanes1>(member, size); break;
        }
    }

    /// <summary>Takes items by ticket until none is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<V, L>(int member, int size)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var scratch = room.ScratchOf(member);
        var tickets = new Tickets(team);
        int part = 0, headsPerItem = _shape.HeadsPerItem(_layout, size);
        for (var s = 0; s < _layout.Sequences; s++)
        {
            if (_layout.RowStarts[s] == _layout.RowStarts[s + 1]) continue;
            var item = AttentionShape.ItemOf(_layout, s);
            if (_shape.IsFew(item.RowCount)) RunFew<V, L>(scratch, item, headsPerItem, ref tickets, ref part);
            else RunMany<V, L>(scratch, item, ref tickets);
        }
    }

    /// <summary>Walks items in their order and tells which of them are this member's.</summary>
    private ref struct Tickets(ThreadTeam team)
    {
        private int _item;
        private int _mine = team.TakeTicket();

        public bool IsNextMine()
        {
            if (_item++ != _mine) return false;
            _mine = team.TakeTicket();
            return true;
        }
    }
}
