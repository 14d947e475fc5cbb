using FsCheck;
using FsCheck.Fluent;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests.Scheduling;

/// <summary>Random loads on random schedulers; <see cref="SchedulerWorld"/> checks every step against the
/// invariants.</summary>
public class SchedulerProperties
{
    /// <summary>Something that happens, as numbers so that a failure shrinks to the smallest ones.</summary>
    public record Happening(int Kind, int A, int B, int C);

    /// <summary>Limits and events.</summary>
    public record Load(
        int Blocks, int Sequences, int Budget, int Chunk, int Rows, int Quantum, bool Caching, int Flights,
        Happening[] Events);

    private static readonly int[] Lengths = [1, 2, 15, 16, 17, 31, 33, 48, 70, 200];

    [Fact]
    public void Whatever_happens_the_invariants_hold_and_everything_ends() =>
        Check.One(
            Cases.Of(400).WithEndSize(120),
            Prop.ForAll(Arb.From(Loads, Shrink), Run));

    [Theory, InlineData(1), InlineData(3)]
    public void A_hundred_thousand_random_steps_pass_in_seconds(int flights)
    {
        var random = new Random(20260721);
        var options = new SchedulerOptions
        {
            SequencesMax = 24, TokensPerStepMax = 96, LogitRowsMax = 48, ContextMax = 400, FairnessQuantum = 64,
            StepsInFlight = flights,
        };
        var world = new SchedulerWorld(options, kvBlocks: 60) { CountEvery = 500 };

        while (world.Steps < 100_000)
        {
            if (world.Live.Count < 40) Happen(world, new(0, random.Next(1000), random.Next(1000), random.Next(1000)));
            Happen(world, new(random.Next(1, 16), random.Next(1000), random.Next(1000), random.Next(1000)));
            world.Step();
        }
        world.Drain();

        // It was a real load: everything that can happen did, often.
        Assert.True(world.Ended > 10_000, $"{world.Ended} sequences ended.");
        Assert.True(world.Preemptions > 1_000, $"{world.Preemptions} preemptions.");
        Assert.True(world.CachedTokens > 10_000, $"{world.CachedTokens} tokens from the prefix cache.");
        Assert.True(world.Copies > 100, $"{world.Copies} copies on write.");
        Assert.True(world.AcceptedDrafts > 1_000, $"{world.AcceptedDrafts} drafts accepted.");
        if (flights == 1) Assert.Equal(0, world.Overlaps);
        else Assert.True(world.Overlaps > 50_000, $"{world.Overlaps} steps overlapped.");
    }

    /// <summary>Both need a second block and there is none; the younger one is spared, so the older one gives way, and
    /// the younger one must run although the step was not meant for it.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(4)]
    public void Who_was_not_in_a_steps_share_runs_when_all_of_it_gave_way(int flights)
    {
        var options = new SchedulerOptions
        {
            SequencesMax = 2, TokensPerStepMax = 64, LogitRowsMax = 2, ContextMax = 32, KvWatermark = 0,
            PreemptionsMax = 0, SparedTokens = 100, StepsInFlight = flights,
        };
        var world = new SchedulerWorld(options, kvBlocks: 2);
        for (var i = 0; i < 2; i++)
            world.Add(new() { Prompt = Enumerable.Repeat(i, 15).ToArray(), TokensMax = 8 });

        world.Drain();

        Assert.Equal(2, world.Ended);
        Assert.True(world.Preemptions > 0);
    }

    private static bool Run(Load load)
    {
        var options = new SchedulerOptions
        {
            SequencesMax = load.Sequences,
            TokensPerStepMax = Math.Max(load.Budget, load.Sequences),
            ChunkTokensMax = load.Chunk,
            LogitRowsMax = load.Sequences + load.Rows,
            ContextMax = 200,
            FairnessQuantum = load.Quantum,
            PrefixCaching = load.Caching,
            StepsInFlight = load.Flights,
        };
        var world = new SchedulerWorld(options, load.Blocks);
        foreach (var happens in load.Events) Happen(world, happens);
        world.Drain();
        return true;
    }

    private static void Happen(SchedulerWorld world, Happening what)
    {
        var chosen = world.Live.Count == 0 ? null : world.Live[what.A % world.Live.Count];
        switch (what.Kind)
        {
            case 0: Add(world, what); break;
            case 1 when chosen is not null: world.Cancel(chosen); break;
            case 2 when chosen is not null && what.B % 4 == 0: world.Pause(chosen); break;
            case 3 when chosen is not null: world.Scheduler.Resume(chosen); break;
            case 4 when what.A % 20 == 0: world.Step(isLost: true); break;
            case 5: world.Now += TimeSpan.FromSeconds(what.A % 5); break;
            case 6 or 7 or 8 when chosen is { State: SequenceState.Running, Missing: 1, InFlight: false }:
                world.Draft(chosen, 1 + what.B % 6, what.C % 8);
                break;
            case > 8: world.Step(); break;
        }
    }

    private static void Add(SchedulerWorld world, Happening what)
    {
        var length = Math.Min(Lengths[what.A % Lengths.Length], world.LengthMax - 1);
        // Few families of prompts, so that prefixes meet: same beginnings, different ends.
        var (family, turn) = (what.B % 3, what.B % 7 * 16);
        var prompt = Enumerable.Range(0, length).Select(i => i < turn ? family : (family + i) % 5).ToArray();
        world.Add(
            new()
            {
                Prompt = prompt,
                TokensMax = 1 + what.C % 60,
                Choices = what.C % 9 == 0 ? 3 : 1,
                Priority = what.A % 3,
                Key = (what.B % 4).ToString("D", null),
                CacheSalt = what.C % 5 == 0 ? "s" : "",
            },
            what.C % 11 == 0 ? world.Now + TimeSpan.FromSeconds(what.C % 3) : null);
    }

    private static Gen<Happening> Events =>
        from kind in Gen.Frequency((4, Gen.Constant(0)), (3, Gen.Choose(1, 8)), (10, Gen.Constant(9)))
        from a in Gen.Choose(0, 999)
        from b in Gen.Choose(0, 999)
        from c in Gen.Choose(0, 999)
        select new Happening(kind, a, b, c);

    private static Gen<Load> Loads =>
        from blocks in Gen.Elements(1, 2, 3, 5, 8, 20, 64)
        from sequences in Gen.Elements(1, 2, 3, 8)
        from budget in Gen.Elements(1, 5, 16, 17, 64)
        from chunk in Gen.Elements(1, 7, 16, int.MaxValue)
        from rows in Gen.Elements(0, 1, 8)
        from quantum in Gen.Elements(1, 50)
        from caching in Gen.Elements(true, true, false)
        from flights in Gen.Elements(1, 1, 2, 4)
        from events in Gen.ArrayOf(Events)
        select new Load(blocks, sequences, budget, chunk, rows, quantum, caching, flights, events);

    private static IEnumerable<Load> Shrink(Load load)
    {
        var size = load.Events.Length;
        for (var cut = size; cut > 0; cut /= 2)
            for (var from = 0; from + cut <= size; from += cut)
                yield return load with { Events = [.. load.Events[..from], .. load.Events[(from + cut)..]] };
    }
}
