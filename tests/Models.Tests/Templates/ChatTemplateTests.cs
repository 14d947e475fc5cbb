using System.Text.Json;
using Minka.Models.Templates;

namespace Minka.Models.Tests.Templates;

/// <summary>The template as the rest of Minka uses it.</summary>
public sealed class ChatTemplateTests
{
    private const string ChatMl =
        """
        {% for message in messages %}
        <|im_start|>{{ message.role }}
        {{ message.content }}<|im_end|>
        {% endfor %}
        {% if add_generation_prompt %}
        <|im_start|>assistant
        {{ '' }}
        {%- endif %}
        """;

    [Fact]
    public void Messages_become_the_prompt_of_the_model()
    {
        var prompt = ChatTemplate.Parse(ChatMl).Render(new ChatTemplateInput
        {
            Messages = TemplateValue.From([new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")]),
            AddGenerationPrompt = true,
        });

        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", prompt);
    }

    [Fact]
    public void A_request_in_JSON_keeps_the_order_of_its_keys_and_the_kind_of_its_numbers()
    {
        const string tools = """[{"z": 1, "a": 1.0, "b": [true, null, 1e-7, 12345678901234567890], "é": "</\"\n"}]""";

        var text = Render("{{ tools | tojson }} {{ tools }}", input => input with { Tools = FromJson(tools) });

        Assert.Equal(
            """[{"z": 1, "a": 1.0, "b": [true, null, 1e-07, 12345678901234567890], "é": "</\"\n"}] """
            + """[{'z': 1, 'a': 1.0, 'b': [True, None, 1e-07, 12345678901234567890], 'é': '</"\n'}]""",
            text);
    }

    [Fact]
    public void Special_tokens_are_defined_only_when_given()
    {
        const string source = "{{ bos_token is defined }} {{ eos_token }}";

        Assert.Equal("False </s>", Render(source, input => input with { EosToken = "</s>" }));
        Assert.Equal("True ", Render(source, input => input with { BosToken = "" }));
    }

    [Fact]
    public void Further_variables_win_over_the_standard_ones()
    {
        var variables = new Dictionary<string, TemplateValue>
        {
            ["enable_thinking"] = TemplateValue.From(false),
            ["bos_token"] = TemplateValue.From("[B]"),
        };

        var text = Render("{{ bos_token }}{{ enable_thinking }}{{ x is defined }}", input => input with
        {
            BosToken = "<s>",
            Variables = variables,
        });

        Assert.Equal("[B]FalseFalse", text);
    }

    [Fact]
    public void The_clock_is_the_callers()
    {
        var text = Render("{{ strftime_now('%d %b %Y') }}", input => input with { Time = StoppedClock.NewYear });

        Assert.Equal("02 Jan 2025", text);
    }

    [Fact]
    public void A_template_that_refuses_is_told_from_one_that_fails()
    {
        var refused = Assert.Throws<TemplateException>(
            () => Render("\n{{ raise_exception('Only one system message!') }}"));
        var failed = Assert.Throws<TemplateException>(() => Render("\n\n{{ messages[0].content }}"));
        var broken = Assert.Throws<TemplateException>(() => ChatTemplate.Parse("a\n{% if %}"));

        Assert.True(refused.IsRaised);
        Assert.Equal("Only one system message!", refused.Message);
        Assert.Equal(2, refused.Line);
        Assert.False(failed.IsRaised);
        Assert.Equal("Template line 3: list object has no element 0.", failed.Message);
        Assert.Equal("Template line 2: '%}' stands where an expression must follow.", broken.Message);
    }

    [Fact]
    public void What_a_template_takes_from_outside_is_known_without_rendering()
    {
        var template = ChatTemplate.Parse(
            """
            {%- set ns = namespace(n=0) %}
            {%- if not date_string is defined %}{% set date_string = strftime_now('%Y') %}{% endif %}
            {%- macro say(text, end='') %}{{ text }}{{ end }}{{ model_name }}{% endmacro %}
            {%- for message in messages %}
                {%- set content = message['content'] or message.reasoning_content %}
                {{- loop.index ~ message.role ~ say(content) }}
                {%- if enable_thinking %}{% set last = 1 %}{% else %}{% set last = 2 %}{% endif %}{{ last }}
            {%- endfor %}
            {%- if tools %}{{ tools | tojson }}{% endif %}{{ date_string }}
            """);

        Assert.Equal(
            ["date_string", "enable_thinking", "messages", "model_name", "tools"], template.Variables.Order());
        Assert.True(template.MentionsTools);
        Assert.True(template.MentionsThinking);
        Assert.True(template.Mentions("reasoning_content"));
        Assert.True(template.Mentions("content"));
        Assert.False(template.Mentions("tool_calls"));
    }

    [Fact]
    public void One_template_renders_on_several_threads_at_once()
    {
        var template = ChatTemplate.Parse("{% set ns = namespace(s='') %}{% for m in messages %}"
            + "{% set ns.s = ns.s ~ m.content %}{% endfor %}{{ ns.s }}");
        var expected = Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Repeat(i.ToString(), 50))).ToList();

        var actual = expected.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select((_, i) => template.Render(
            new ChatTemplateInput
            {
                Messages = TemplateValue.From(Enumerable.Repeat(new ChatMessage("user", i.ToString()), 50)),
            })).ToList();

        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData("[\"\\ud800\"]")]
    [InlineData("{\"\\udc00\": 1}")]
    public void Half_a_surrogate_pair_in_JSON_is_refused(string json)
    {
        var fault = Assert.Throws<TemplateException>(() => FromJson(json));

        Assert.Contains("surrogate", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JSON_that_is_too_deep_or_too_long_a_number_is_refused()
    {
        var deep = new string('[', 300) + new string(']', 300);
        var options = new JsonDocumentOptions { MaxDepth = 1000 };

        Assert.Throws<TemplateException>(() => TemplateValue.FromJson(JsonDocument.Parse(deep, options).RootElement));
        Assert.Throws<TemplateException>(() => FromJson(new string('9', 4301)));
    }

    private static TemplateValue FromJson(string json) => TemplateValue.FromJson(JsonDocument.Parse(json).RootElement);

    private static string Render(string source, Func<ChatTemplateInput, ChatTemplateInput>? with = null)
    {
        var input = new ChatTemplateInput { Messages = TemplateValue.From(Array.Empty<TemplateValue>()) };
        return ChatTemplate.Parse(source).Render(with is null ? input : with(input));
    }
}
