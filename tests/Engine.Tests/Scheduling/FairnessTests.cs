using FsCheck;
using FsCheck.Fluent;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests.Scheduling;

public class FairnessTests
{
    /// <summary>Two keys that always have requests waiting get the same number of tokens, but for a bounded
    /// rest.</summary>
    [Fact]
    public void Busy_keys_share_the_tokens_whatever_their_requests_look_like() =>
        Check.One(
            Cases.Of(60),
            Prop.ForAll(Arb.From(
                from sequences in Gen.Choose(1, 4)
                from prompts in Gen.Two(Gen.Choose(1, 60))
                from texts in Gen.Two(Gen.Choose(1, 40))
                from quantum in Gen.Elements(8, 64, 300)
                select (sequences, prompts, texts, quantum)), load =>
            {
                var world = new SchedulerWorld(
                    new() { SequencesMax = load.sequences, TokensPerStepMax = 32, FairnessQuantum = load.quantum }, 64);
                (int Prompt, int Text)[] shapes =
                    [(load.prompts.Item1, load.texts.Item1), (load.prompts.Item2, load.texts.Item2)];
                var served = new long[2];
                for (var step = 0; step < 3000; step++)
                {
                    Keep(world, shapes);
                    foreach (var chunk in world.Step().Chunks)
                    {
                        // What a key pays: the tokens of its prompts, and those generated for it.
                        var sequence = chunk.Sequence;
                        served[sequence.Request.Key == "0" ? 0 : 1] +=
                            (chunk.Start == 0 ? sequence.PromptLength : 0) + chunk.SampleRows;
                    }
                }

                // A quantum each, and what the sequences that run may still take beyond their balance.
                var bound = load.quantum + (load.sequences + 1) * (long)shapes.Max(shape => shape.Prompt + shape.Text);
                Assert.True(Math.Abs(served[0] - served[1]) <= 2 * bound, $"{served[0]} {served[1]}");
                return true;
            }));

    private static void Keep(SchedulerWorld world, (int Prompt, int Text)[] shapes)
    {
        for (var key = 0; key < 2; key++)
        {
            var name = key == 0 ? "0" : "1";
            var waiting = world.Live.Count(sequence => sequence.Request.Key == name);
            for (; waiting < 8; waiting++)
            {
                // No two prompts alike, so that the cache does not serve one key for free.
                var first = (int)(world.Steps * 16 + waiting) * 2 + key;
                var prompt = Enumerable.Range(0, shapes[key].Prompt).Select(i => first + i * 7).ToArray();
                world.Add(new() { Prompt = prompt, TokensMax = shapes[key].Text, Key = name, CacheSalt = $"{first}" });
            }
        }
    }
}

