namespace Minka.Compute.Kernels;

/// <summary>Where the pages of up to 64 keys, or of their values, lie, and where the next ones do.</summary>
internal unsafe struct KvTile
{
    /// <summary>Keys of a tile.</summary>
    public const int Keys = Pages * KvShape.BlockTokens;

    /// <summary>Pages of a tile.</summary>
    public const int Pages = 4;

    private fixed ulong _pages[Pages];
    private fixed ulong _next[Pages];

    /// <summary>One page of this tile.</summary>
    public readonly byte* this[int page] => (byte*)_pages[page];

    /// <summary>The page of the next tile that will be read after that one.</summary>
    public readonly byte* Next(int page) => (byte*)_next[page];

    /// <summary>Names the pages of one place.</summary>
    public void Set(int page, byte* here, byte* next)
    {
        _pages[page] = (ulong)here;
        _next[page] = (ulong)next;
    }

    /// <summary>Goes on to pages that lie so many bytes further.</summary>
    public void Move(long bytes)
    {
        for (var page = 0; page < Pages; page++)
        {
            _pages[page] += (ulong)bytes;
            _next[page] += (ulong)bytes;
        }
    }
}
