using Minka.Engine.KvCache;

namespace Minka.Engine.Tests.KvCache;

public class BlockHashTests
{
    // The first of the test vectors that come with SipHash's reference code: key 00..0f, messages empty and 00.
    [Theory]
    [InlineData("", "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData("00", "DA87C1D86B99AF44347659119B22FC45")]
    public void The_hash_is_siphash_2_4_128(string message, string expected)
    {
        var hash = new BlockHash(new UInt128(0x0f0e0d0c0b0a0908, 0x0706050403020100));

        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash.Of(Convert.FromHexString(message)));

        Assert.Equal(expected, Convert.ToHexString(bytes));
    }

    [Fact]
    public void Salt_identity_and_tokens_all_change_the_chain()
    {
        var hash = new BlockHash(1);
        int[] tokens = [.. Enumerable.Range(0, 16)];
        int[] others = [.. Enumerable.Range(1, 16)];

        UInt128[] hashes =
        [
            hash.Root("model", ""), hash.Root("model", "salt"), hash.Root("models", "alt"), hash.Root("", "model"),
            hash.Next(hash.Root("model", ""), tokens), hash.Next(hash.Root("model", ""), others),
            hash.Root("model", "", 7), hash.Root("model", "", 70), hash.Root("", "", 1),
            hash.Next(hash.Root("model", "salt"), tokens), new BlockHash(2).Root("model", ""),
        ];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }
}
