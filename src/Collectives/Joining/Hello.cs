using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Minka.Collectives.Joining;

/// <summary>Which side of a connection a Hello comes from; proofs are bound to it, so none can be sent back.</summary>
internal enum HelloRole : byte
{
    /// <summary>The side that connected.</summary>
    Connector = 1,

    /// <summary>The side that listened.</summary>
    Acceptor = 2,
}

/// <summary>
/// The first payload of each side, of fixed size, little-endian: protocol major 2 and minor 2, role 1, reserved 3, rank
/// 4, size 4, epoch 4, model hash 32, plan hash 32, nonce 32, build 32 (UTF-8, zero-padded).
/// </summary>
internal sealed record Hello
{
    public const int Bytes = 148;
    public const int NonceBytes = 32;

    /// <summary>Sides with another major cannot talk.</summary>
    public const ushort ProtocolMajor = 2;

    private const ushort ProtocolMinor = 0;
    private const int BuildBytes = 32;

    public ushort Major { get; private init; } = ProtocolMajor;

    public required HelloRole Role { get; init; }

    public required MeshIdentity Identity { get; init; }

    public required byte[] Nonce { get; init; }

    public string Build { get; init; } = "";

    /// <summary>A Hello of this build with a new nonce.</summary>
    public static Hello From(MeshIdentity identity, HelloRole role) => new()
    {
        Role = role, Identity = identity, Nonce = RandomNumberGenerator.GetBytes(NonceBytes),
        Build = typeof(Hello).Assembly.GetName().Version?.ToString() ?? "",
    };

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Major);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), ProtocolMinor);
        bytes[4] = (byte)Role;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Identity.Rank);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Identity.Size);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Identity.Epoch);
        Convert.FromHexString(Identity.ModelHash).CopyTo(bytes, 20);
        Convert.FromHexString(Identity.PlanHash).CopyTo(bytes, 52);
        Nonce.CopyTo(bytes, 84);
        Encoding.UTF8.GetBytes(Build.AsSpan(0, Math.Min(Build.Length, BuildBytes / 3)), bytes.AsSpan(116));
        return bytes;
    }

    /// <summary>Reads <see cref="Bytes"/> bytes; any of them give a Hello.</summary>
    public static Hello Read(ReadOnlySpan<byte> bytes) => new()
    {
        Major = BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        Role = (HelloRole)bytes[4],
        Identity = new()
        {
            Rank = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            Size = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            Epoch = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            ModelHash = Convert.ToHexStringLower(bytes.Slice(20, MeshIdentity.HashBytes)),
            PlanHash = Convert.ToHexStringLower(bytes.Slice(52, MeshIdentity.HashBytes)),
        },
        Nonce = bytes.Slice(84, NonceBytes).ToArray(),
        Build = Printable(bytes.Slice(116, BuildBytes)),
    };

    /// <summary>Why two ranks cannot be of one cluster, with both values; null if they can.</summary>
    public static string? Mismatch(Hello mine, Hello theirs)
    {
        var (a, b) = (mine.Identity, theirs.Identity);
        return a.ModelHash != b.ModelHash ? $"the models differ: {a.ModelHash} here, {b.ModelHash} there"
            : a.PlanHash != b.PlanHash ? $"the plans differ: {a.PlanHash} here, {b.PlanHash} there"
            : a.Size != b.Size ? $"the sizes differ: {a.Size} ranks here, {b.Size} there"
            : a.Epoch != b.Epoch ? $"the epochs differ: {a.Epoch} here, {b.Epoch} there"
            : null;
    }

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var one in bytes)
            if (one is > 32 and < 127) text.Append((char)one);
        return text.ToString();
    }
}
