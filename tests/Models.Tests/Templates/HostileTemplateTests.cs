using Minka.Models.Templates;

namespace Minka.Models.Tests.Templates;

/// <summary>A template that asks for too much ends with a sentence, in bounded time and memory.</summary>
public sealed class HostileTemplateTests
{
    private const string Chain =
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}";
    private const string Tree =
        "{% set ns = namespace(x=1) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
    private const string Copy =
        "{% set ns2 = namespace(x=1) %}{% for i in range(99) %}{% set ns2.x = [ns2.x, ns2.x] %}{% endfor %}";
    private const string Long = "{% set a = 'ab' * 5000000 %}{% set b = 'ab' * 2000000 ~ 'c' ~ 'ab' * 2000000 %}";

    private static readonly TimeSpan _slowest = TimeSpan.FromSeconds(60);

    /// <summary>An eighth of what templates get, so that the suite stays quick.</summary>
    private static readonly TemplateLimits _eighth = TemplateLimits.Default with
    {
        StepsMax = TemplateLimits.Default.StepsMax / 8,
        BytesMax = TemplateLimits.Default.BytesMax / 8,
    };

    public static TheoryData<string> Loops =>
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{{ i }}{% endfor %}{% endfor %}",
        "{{ range(99999)|map('string')|map('length')|sum }}"
            + "{% for i in range(99999) %}{{ range(99999)|sum }}{% endfor %}",
        "{% for i in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}",
        "{% for i in range(2) recursive %}{{ loop(range(2)) }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}",
        "{% macro f(x) %}{% filter upper %}{% if x %}{% for i in x %}{{ f(x) }}{% endfor %}{% endif %}{% endfilter %}"
            + "{% endmacro %}{{ f([1]) }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    ];

    public static TheoryData<string> Texts =>
    [
        "{{ 'x' * 10**9 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{% for i in range(99999) %}{{ a }}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{% for i in range(99999) %}{% set b = a|upper %}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{% for i in range(99999) %}{{ a == a ~ '' }}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{% for i in range(99999) %}{{ a[5] }}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{% set d = {a: 1} %}{% for i in range(99999) %}{{ d[a ~ ''] }}{% endfor %}",
        "{% set a = 'x' * 9999999 %}{{ ([a] * 99999)|join }}",
        "{% set a = 'x' * 9999999 %}{{ a.replace('', a) }}",
        "{{ 'x'.center(10**9) }}",
        "{{ 'x'.ljust(2**40) }}",
        "{{ 'x'.zfill(10**9) }}",
        "{{ 'a\\tb'.expandtabs(10**9) }}",
        "{{ 'x'|indent(10**9) }}",
        "{{ 'x'|center(10**9) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (10**9, 1) }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '{:999999999}'.format('x') }}",
        "{{ '{:>{}}'.format('x', 10**9) }}",
        "{{ [1]|tojson(indent=10**9) }}",
        "{{ ('x' * 9999999)|urlencode }}",
        "{% for i in range(9) %}{% set x = ('&' * 9999999)|escape %}{% endfor %}",
        "{{ '<' * 20000000 ~ (('<' * 20000000)|safe) }}",
        "{{ strftime_now('%c' * 9999999) }}",
    ];

    public static TheoryData<string> Lists =>
    [
        "{{ range(10**12) }}",
        "{{ [0] * 10**9 }}",
        "{{ range(9)|list * 10**9 }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{{ [1]|batch(10**9, 0)|list }}",
        "{{ [1]|slice(10**9, 0)|list }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + [{}] %}{% endfor %}",
        "{{ ('a ' * 9999999).split() }}",
        "{{ ('a,' * 9999999).split(',') }}",
        "{{ ('a\n' * 9999999).splitlines() }}",
        "{{ ('x' * 9999999)|list }}",
        "{% for i in range(99999) %}{% set x = {'a': [i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i]} %}"
            + "{% for j in range(99) %}{% set y = [x, x, x] %}{% endfor %}{% endfor %}",
    ];

    public static TheoryData<string> Nests =>
    [
        Chain + "{{ ns.x }}",
        Chain + "{{ ns.x|tojson }}",
        Chain + "{{ [ns.x] == [[ns.x]] }}",
        Chain + "{{ [ns.x, [ns.x]]|sort }}",
        Tree + "{{ ns.x }}",
        Tree + "{{ ns.x|tojson }}",
        Tree + Copy + "{{ ns.x == ns2.x }}",
        Tree + Copy + "{{ ns.x in [ns2.x] }}",
        Tree + Copy + "{{ [ns.x, ns2.x]|sort }}",
        Tree + Copy + "{{ [ns.x, ns2.x]|max }}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}"
            + "{% set ns.x = ns.x|map('string') %}{% endfor %}{{ ns.x|list }}",
    ];

    public static TheoryData<string> Numbers =>
    [
        "{{ 2 ** (10**9) }}",
        "{{ (0 - 2) ** (10**9) }}",
        "{{ 10 ** (10 ** 10) }}",
        "{% set ns = namespace(n=3) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{{ ('9' * 9999999)|int }}",
        "{{ ('f' * 9999999)|int(0, 16) }}",
        "{% set n = 7 ** 360 %}{% for i in range(99999) %}"
            + "{% for j in range(99999) %}{{ n * 3 // 7 }}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{{ '%.400f' % 1e-300 }}{% endfor %}{% endfor %}",
    ];

    public static TheoryData<string> Searches =>
    [
        Long + "{% for i in range(99999) %}{{ b in a }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.find(b) }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.rfind(b) }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.count(b) }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.replace(b, '') is string }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.rsplit(b)|length }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.strip(b)|length }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a.isalpha() }}{% endfor %}",
        Long + "{% for i in range(99999) %}{{ a|length }}{{ a|wordcount }}{{ a is lower }}{% endfor %}",
    ];

    [Theory]
    [MemberData(nameof(Loops))]
    [MemberData(nameof(Texts))]
    [MemberData(nameof(Lists))]
    [MemberData(nameof(Nests))]
    [MemberData(nameof(Numbers))]
    [MemberData(nameof(Searches))]
    public void A_template_that_asks_for_too_much_is_stopped(string source)
    {
        var start = TimeProvider.System.GetTimestamp();

        var fault = Assert.Throws<TemplateException>(() => Render(source, _eighth));

        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
        Assert.NotNull(fault.Line);
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        Assert.True(elapsed < _slowest, $"It took {elapsed.TotalSeconds:F1} s.");
    }

    [Fact]
    public void The_limits_of_every_template_stop_a_loop_within_seconds()
    {
        var start = TimeProvider.System.GetTimestamp();
        var source = "a\n{% for i in range(99999) %}{% for j in range(99999) %}{{ i * j }}{% endfor %}{% endfor %}";

        var fault = Assert.Throws<TemplateException>(() => Render(source, TemplateLimits.Default));

        Assert.Equal(
            "Template line 2: it used all of its 20000000 steps; a loop in it may have no end that a chat reaches.",
            fault.Message);
        Assert.True(TimeProvider.System.GetElapsedTime(start) < _slowest);
    }

    [Theory]
    [InlineData("{% macro f() %}DEEP{% endmacro %}{{ f() }}", "f() + ")]
    [InlineData("{% macro f(x) %}DEEP{% endmacro %}{{ f(1) }}", "[f(2)] + ")]
    [InlineData("{% for i in [1] recursive %}DEEP{% endfor %}", "loop([1]) ~ (")]
    public void A_small_stack_holds_what_the_limits_allow(string source, string part)
    {
        var expression = Repeat(part, 90) + "1" + (part.EndsWith('(') ? Repeat(")", 90) : "");
        var deep = source.Replace("DEEP", "{{ " + expression + " }}", StringComparison.Ordinal);
        Exception? fault = null;
        var thread = new Thread(() => fault = Record.Exception(() => Render(deep, TemplateLimits.Default)), 256 << 10);

        thread.Start();
        thread.Join();

        Assert.IsType<TemplateException>(fault);
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")")]
    [InlineData("{{ ", "[", "1", "]")]
    [InlineData("{{ ", "{1:", "1", "}")]
    [InlineData("{{ ", "-", "1", "")]
    [InlineData("{{ ", "not ", "1", "")]
    [InlineData("{{ ", "1 if 1 else ", "1", "")]
    [InlineData("{{ a", ".a", "", "")]
    [InlineData("{{ a", "[0]", "", "")]
    [InlineData("{{ a", "()", "", "")]
    [InlineData("{{ a", "|e", "", "")]
    [InlineData("{{ 1", " + 1", "", "")]
    [InlineData("{{ 1", " ** 1", "", "")]
    [InlineData("{{ 1", " or 1", "", "")]
    [InlineData("{{ a", "(a", "", ")")]
    [InlineData("{{ a", "|default(a", "", ")")]
    [InlineData("{{ ", "a[a", "", "]")]
    public void An_expression_that_is_nested_without_end_is_refused(
        string start, string open, string middle, string close)
    {
        var source = start + Repeat(open, 100_000) + middle + Repeat(close, 100_000) + " }}";

        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source));

        Assert.Contains("limit", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if 1 %}", "{% endif %}")]
    [InlineData("{% for i in a %}", "{% endfor %}")]
    [InlineData("{% macro f() %}", "{% endmacro %}")]
    [InlineData("{% set a %}", "{% endset %}")]
    [InlineData("{% filter e %}", "{% endfilter %}")]
    [InlineData("{% with %}", "{% endwith %}")]
    [InlineData("{% call f() %}", "{% endcall %}")]
    [InlineData("{% generation %}", "{% endgeneration %}")]
    public void Tags_that_are_nested_without_end_are_refused(string open, string close)
    {
        var source = Repeat(open, 30_000) + Repeat(close, 30_000);

        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source));

        Assert.Contains("limit", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ 1", " ~ 1", " }}")]
    [InlineData("{{ 1", " == 1", " }}")]
    [InlineData("{{ [1", ", 1", "] }}")]
    [InlineData("{% if 0 %}", "{% elif 0 %}", "{% endif %}")]
    [InlineData("", "{{ 1 }}", "")]
    [InlineData("", "{# a #}", "")]
    [InlineData("", "{% set a = 1 %}", "")]
    public void Length_alone_is_no_fault(string start, string part, string end)
    {
        var source = start + Repeat(part, 50_000) + end;

        Assert.NotNull(Render(source, TemplateLimits.Default));
    }

    [Fact]
    public void A_template_of_over_a_million_characters_is_refused()
    {
        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(new string('x', (1 << 20) + 1)));

        Assert.Equal("The template has 1048577 characters; 1048576 is the limit.", fault.Message);
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static string Render(string source, TemplateLimits limits) => ChatTemplate.Parse(source, limits)
        .Render(new ChatTemplateInput { Messages = TemplateValue.From(Array.Empty<TemplateValue>()) });
}
