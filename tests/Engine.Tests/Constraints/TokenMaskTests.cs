using Minka.Engine.Constraints.Masks;

namespace Minka.Engine.Tests.Constraints;

public class TokenMaskTests
{
    [Theory]
    [InlineData(64, 64)]
    [InlineData(200, 200)]
    [InlineData(200, 203)]
    [InlineData(130, 400)]
    [InlineData(200, 150)]
    public void A_mask_forbids_exactly_what_is_not_in_it(int tokens, int logits)
    {
        var random = new Random(tokens + logits);
        for (var round = 0; round < 20; round++)
        {
            var mask = new TokenMask(tokens);
            var allowed = Enumerable.Range(0, tokens).Where(_ => random.Next(10) < round % 11).ToHashSet();
            foreach (var id in allowed) mask.Add(id);
            var row = Enumerable.Range(0, logits).Select(id => (float)id).ToArray();

            mask.Apply(row);

            for (var id = 0; id < logits; id++)
                Assert.Equal(allowed.Contains(id) ? id : float.NegativeInfinity, row[id]);
            Assert.Equal(allowed.Count == 1 ? allowed.Single() : -1, mask.Single());
            Assert.False(mask[100_000]);
        }
    }
}
