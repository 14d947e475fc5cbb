namespace Minka.Compute.Kernels;

/// <summary>The pages of one layer's KV cache as kernels see them.</summary>
/// <param name="data"><c>[block, kv head, {keys, values}, page]</c>.</param>
/// <param name="pageBytes">Bytes of 16 keys, or of 16 values, of one head.</param>
/// <param name="heads">Key-value heads, K.</param>
/// <param name="headDim">Width of a head, C.</param>
internal readonly unsafe struct KvPages(byte* data, long pageBytes, int heads, int headDim)
{
    /// <summary>Key-value heads, K.</summary>
    public int Heads => heads;

    /// <summary>Width of a head, C.</summary>
    public int HeadDim => headDim;

    /// <summary>Bytes from a page to the same one of the next head.</summary>
    public long HeadBytes => 2 * pageBytes;

    /// <summary>The 16 keys of one head in one block.</summary>
    public byte* Keys(int block, int head) => data + ((long)block * heads + head) * HeadBytes;

    /// <summary>The 16 values of one head in one block.</summary>
    public byte* Values(int block, int head) => Keys(block, head) + pageBytes;
}
