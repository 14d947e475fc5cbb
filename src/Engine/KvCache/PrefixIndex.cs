using Minka.Models;

namespace Minka.Engine.KvCache;

/// <summary>Finds a full block by what it and every block before it hold.</summary>
/// <remarks>
/// The hash of a block covers its tokens and the hash of the block before it, so equal hashes mean equal prefixes.
/// Tokens are kept and compared all the same: a collision must never show one request another's text.
/// Two blocks of equal content may exist; the first one published is the one that is found.
/// </remarks>
internal sealed class PrefixIndex
{
    private readonly Dictionary<UInt128, int> _blockByHash;
    private readonly UInt128[] _hashes;
    private readonly int[] _tokens;
    private readonly bool[] _isPublished;

    public PrefixIndex(int blocks)
    {
        _blockByHash = new(blocks);
        _hashes = new UInt128[blocks];
        _tokens = new int[checked(blocks * ForwardInput.BlockTokens)];
        _isPublished = new bool[blocks];
    }

    /// <summary>Blocks that can be found.</summary>
    public int Count => _blockByHash.Count;

    /// <summary>Whether <paramref name="block"/> can be found.</summary>
    public bool Contains(int block) => _isPublished[block];

    /// <summary>Makes a computed block findable, unless one like it already is.</summary>
    public void Publish(int block, UInt128 hash, ReadOnlySpan<int> tokens)
    {
        if (_isPublished[block] || !_blockByHash.TryAdd(hash, block)) return;

        _hashes[block] = hash;
        _isPublished[block] = true;
        tokens[..ForwardInput.BlockTokens].CopyTo(TokensOf(block));
    }

    /// <summary>Finds the block with this hash and these tokens.</summary>
    public bool TryFind(UInt128 hash, ReadOnlySpan<int> tokens, out int block) =>
        _blockByHash.TryGetValue(hash, out block) && tokens.SequenceEqual(TokensOf(block));

    /// <summary>Forgets a block whose content is about to change.</summary>
    public void Remove(int block)
    {
        if (!_isPublished[block]) return;

        _blockByHash.Remove(_hashes[block]);
        _isPublished[block] = false;
    }

    private Span<int> TokensOf(int block) =>
        _tokens.AsSpan(block * ForwardInput.BlockTokens, ForwardInput.BlockTokens);
}
