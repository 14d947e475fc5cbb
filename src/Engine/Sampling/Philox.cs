namespace Minka.Engine.Sampling;

/// <summary>What a random number is for; streams are independent of each other.</summary>
internal enum ChanceStream
{
    /// <summary>The draw of a token.</summary>
    Draw,

    /// <summary>Whether XTC acts.</summary>
    Xtc,
}

/// <summary>Philox4x32-10 (Salmon et al. 2011): random numbers by counter, so that none depends on the ones
/// before.</summary>
internal static class Philox
{
    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, int position, int choice, ChanceStream stream)
    {
        var (a, b, _, _) = Block(((uint)position, (uint)choice, (uint)stream, 0), ((uint)seed, (uint)(seed >> 32)));
        return ((ulong)(a >> 5) << 26 | b >> 6) * (1.0 / (1L << 53));
    }

    internal static (uint, uint, uint, uint) Block((uint, uint, uint, uint) counter, (uint, uint) key)
    {
        var (c0, c1, c2, c3) = counter;
        var (k0, k1) = key;
        for (var round = 0; round < 10; round++)
        {
            var left = (ulong)c0 * 0xD2511F53;
            var right = (ulong)c2 * 0xCD9E8D57;
            (c0, c1, c2, c3) = ((uint)(right >> 32) ^ c1 ^ k0, (uint)right, (uint)(left >> 32) ^ c3 ^ k1, (uint)left);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }
}
