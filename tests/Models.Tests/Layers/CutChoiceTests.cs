using Minka.Models.Layers;

namespace Minka.Models.Tests.Layers;

public sealed class CutChoiceTests
{
    private const int Trials = (CutChoice.Pairs + 1) * CutChoice.Run;

    private readonly Clock _clock = new();
    private readonly CutChoice _choice;

    public CutChoiceTests() => _choice = new(32, _clock);

    [Fact]
    public void Both_ways_are_tried_in_turn_and_then_the_faster_one_is_taken()
    {
        var tried = Steps(8, Trials, whole: 100, cut: 70);
        var after = Steps(8, 100, whole: 100, cut: 70);

        Assert.Equal(Enumerable.Range(0, Trials).Select(step => step / CutChoice.Run % 2 == 1), tried);
        Assert.All(after, Assert.True);
    }

    [Fact]
    public void Each_number_of_tokens_has_a_choice_of_its_own()
    {
        Steps(4, Trials, whole: 50, cut: 80);
        Steps(5, Trials, whole: 80, cut: 50);

        Assert.All(Steps(4, 50, whole: 50, cut: 80), Assert.False);
        Assert.All(Steps(5, 50, whole: 80, cut: 50), Assert.True);
    }

    [Fact]
    public void A_disturbed_step_changes_nothing()
    {
        Steps(8, Trials + CutChoice.TrialEvery - 1, whole: 100, cut: 70);
        Steps(8, 1, whole: 100, cut: 9_000);

        var after = Steps(8, CutChoice.Run + CutChoice.TrialEvery, whole: 100, cut: 70);
        Assert.All(after[CutChoice.Run..], Assert.True);
    }

    [Fact]
    public void Steps_that_grow_longer_are_compared_with_their_neighbours()
    {
        var ways = new List<bool>();
        for (var depth = 0; depth < 3_000; depth++) ways.AddRange(Steps(8, 1, whole: 100 + depth, cut: 70 + depth));

        const int Tried = Trials / 2 + (CutChoice.Run * 3_000 / CutChoice.TrialEvery);
        Assert.InRange(ways.Count(isCut => !isCut), Trials / 2, Tried + CutChoice.Run);
    }

    [Fact]
    public void The_other_way_is_tried_again_now_and_then_and_taken_when_it_has_become_the_faster_one()
    {
        Steps(8, Trials, whole: 100, cut: 70);

        Assert.Equal(CutChoice.TrialEvery, StepsToTrial(whole: 100, cut: 70));
        for (var trial = 0; trial <= CutChoice.Pairs / 2; trial++) StepsToTrial(whole: 60, cut: 70);
        Assert.All(Steps(8, CutChoice.TrialEvery / 2, whole: 60, cut: 70), Assert.False);
    }

    [Fact]
    public void Trials_that_say_what_was_known_become_rare_and_one_that_does_not_makes_them_frequent()
    {
        Steps(8, Trials, whole: 100, cut: 70);

        Assert.Equal(
            [256, 512, 1024, 2048, 4096, 4096], Enumerable.Range(0, 6).Select(_ => StepsToTrial(whole: 100, cut: 70)));
        StepsToTrial(whole: 60, cut: 70);
        Assert.Equal(CutChoice.TrialEvery, StepsToTrial(whole: 100, cut: 70));
        Assert.Equal(2 * CutChoice.TrialEvery, StepsToTrial(whole: 100, cut: 70));
    }

    [Fact]
    public void The_first_step_after_a_change_pays_for_it_and_is_not_compared()
    {
        var isCut = false;
        for (var step = 0; step < Trials; step++)
        {
            var attempt = _choice.Begin(8);
            _clock.Now += attempt.IsCut != isCut ? 500 : attempt.IsCut ? 70 : 100;
            _choice.End(attempt);
            isCut = attempt.IsCut;
        }

        Assert.All(Steps(8, 100, whole: 100, cut: 70), Assert.True);
    }

    /// <summary>Goes on until a trial is over.</summary>
    /// <returns>Steps before it.</returns>
    private int StepsToTrial(long whole, long cut)
    {
        var way = Steps(8, 1, whole, cut)[0];
        var before = 1;
        while (Steps(8, 1, whole, cut)[0] == way) before++;
        Steps(8, CutChoice.Run - 1, whole, cut);
        return before;
    }

    private bool[] Steps(int tokens, int count, long whole, long cut)
    {
        var ways = new bool[count];
        for (var i = 0; i < count; i++)
        {
            var attempt = _choice.Begin(tokens);
            _clock.Now += attempt.IsCut ? cut : whole;
            _choice.End(attempt);
            ways[i] = attempt.IsCut;
        }
        return ways;
    }

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long GetTimestamp() => Now;
    }
}
