using Minka.Collectives.Transports;
using Minka.Collectives.Wires;

namespace Minka.Collectives;

/// <summary>What algorithms are written in: ranks of one group, values in a wire format, a place to work.</summary>
internal sealed class Group
{
    private readonly int[] _members;
    private readonly byte[] _encoded;
    private readonly float[] _values;

    /// <param name="transport">Links.</param>
    /// <param name="members">Ranks of the transport, in the group's order; one of them is this one.</param>
    public Group(ITransport transport, IReadOnlyList<int> members)
    {
        Transport = transport;
        _members = [.. members];
        Rank = Array.IndexOf(_members, transport.Rank);
        if (Rank < 0 || _members.Distinct().Count() != _members.Length)
            throw new ArgumentException($"A group of rank {transport.Rank} has it as a member, and each member once; "
                + $"found {string.Join(' ', members)}.", nameof(members));
        _encoded = GC.AllocateUninitializedArray<byte>(transport.MessageBytesMax);
        _values = GC.AllocateUninitializedArray<float>(transport.MessageBytesMax);
    }

    public ITransport Transport { get; }

    public int Rank { get; }

    public int Size => _members.Length;

    /// <summary>Room for an encoded message.</summary>
    public Span<byte> Encoded => _encoded;

    /// <summary>Room for as many values as a message has in any format.</summary>
    public Span<float> Values => _values;

    /// <summary>The rank <paramref name="steps"/> after this one, around the group.</summary>
    public int After(int steps) => (Rank + steps) % Size;

    /// <summary>The transport's number of a rank.</summary>
    public int Member(int rank) => (uint)rank < (uint)Size
        ? _members[rank]
        : throw new ArgumentOutOfRangeException(nameof(rank), rank, $"The group has ranks 0 to {Size - 1}.");

    /// <summary>Encodes values for sending, possibly to several ranks.</summary>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<float> values, IWire wire)
    {
        var bytes = _encoded.AsSpan(0, wire.Bytes(values.Length));
        wire.Encode(values, bytes);
        return bytes;
    }

    public void Send(int rank, ReadOnlySpan<byte> message) => Transport.Send(Member(rank), message);

    /// <summary>Receives the encoding of <paramref name="count"/> values.</summary>
    public ReadOnlySpan<byte> Receive(int rank, int count, IWire wire)
    {
        var message = Transport.Receive(Member(rank));
        return message.Length == wire.Bytes(count) ? message : throw Disagree(rank, message.Length, wire.Bytes(count));
    }

    /// <summary>Returns when all ranks have called it.</summary>
    public void Barrier()
    {
        for (var distance = 1; distance < Size; distance <<= 1)
        {
            Send(After(distance), []);
            var from = After(Size - distance);
            var message = Transport.Receive(Member(from));
            if (message.Length > 0) throw Disagree(from, message.Length, 0);
        }
    }

    /// <summary>Ranks that do not do the same step cannot go on.</summary>
    public PeerLostException Disagree(int rank, int found, int due) => Transport.Lose(Member(rank),
        $"it sent {found} bytes where {due} are due: the ranks do not run the same step");

    /// <summary>The part of <paramref name="length"/> values that rank <paramref name="rank"/> is to sum.</summary>
    /// <remarks>Cut between blocks of 32, so that every format has the same blocks as without cutting.</remarks>
    public Range Part(int length, int rank)
    {
        const int Block = 32;
        var blocks = (length + Block - 1) / Block;
        var start = (int)((long)blocks * rank / Size) * Block;
        var end = (int)((long)blocks * (rank + 1) / Size) * Block;
        return Math.Min(start, length)..Math.Min(end, length);
    }
}
